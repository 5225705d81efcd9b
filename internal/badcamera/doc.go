// Package badcamera is cameras that misbehave: a small RTSP server for each way
// in which a camera, or the way to one, is known to. It is written with net
// alone, so that what it sends is what the case says and not what a library
// would let it, and it does the same each time.
//
//	films := badcamera.Shoot(t)
//	for _, c := range badcamera.Cases() {
//		camera := badcamera.Start(t, c, badcamera.Options{Films: films})
//		pull(camera.URL("viewer", "secret")) // and within 20 s it is c.Want
//	}
package badcamera
