// Package cameras is the camera side of the simulated province: eight cameras
// that speak RTSP as real ones do.
//
// What a camera sees is a clip that was drawn once, by the program in draw, and
// that repeats without a seam: sequence numbers and timestamps go on over its
// end. All cameras are at one address; a camera's path is its id, as in
// rtsp://127.0.0.1:18554/cau-coc-leu. Two of them want User and Password.
//
// They follow a story of ten minutes, so that a newcomer sees what a centre
// makes of cameras that are not well (times since the cycle began):
//
//	0:40  the camera on Quốc lộ 70 freezes, until 2:20: its encoder goes on
//	      and sends the same picture over and over
//	1:10  the camera at Bắc Hà market is away, until 2:30
//	6:40  the recorder that the three cameras around Sa Pa are behind is
//	      away, until 7:30
package cameras

//go:generate go run ./draw -out clips
