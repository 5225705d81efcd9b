// Package sim is a simulated province: devices that speak MQTT as real ones
// do, under weather that makes sense.
//
// Nothing in it is random once it has a seed: what every device measures is a
// function of the seed and the time since the start. A cycle of ten minutes
// has two chapters and two quiet stretches (times since the cycle began, give
// or take what the seed does to the weather):
//
//	0:03  two storm cells come over the mountains from the north
//	0:14  the first heavy rain, at Y Tý, and then down the valleys
//	0:22  a rain gauge falls silent, until 2:00
//	0:26  smoke, and at 0:35 fire, at a hotel in Sa Pa, until 1:30
//	0:28  sông Thao passes báo động 1 at Lào Cai
//	0:40  sông Chảy passes báo động 1 at Bảo Yên
//	1:37  the wave on sông Thao has come down to Yên Bái
//	3:40  all is quiet again
//	6:20  haze over Lào Cai, and a panel with a fault, until 7:30
//	7:40  quiet until the next cycle
//
// Weather runs 600 times as fast as the clock, so that a flood of two days
// fits: a second is ten minutes of rain and river. What follows the sun and
// people's habits, air and traffic, follows the clock on the wall.
//
// Most devices publish the default JSON on city/<sector>/<device>. A device
// with a DevEUI among its aliases comes by way of a ChirpStack server, on
// application/<id>/device/<DevEUI>/event/up; one with an IEEE address
// (0x and 16 digits) by way of Zigbee2MQTT, on zigbee2mqtt/<address>.
package sim
