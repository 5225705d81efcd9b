// Package geo knows where things are: the zones of a province, read from
// GeoJSON, the zone at a point, the devices and cameras in a zone, and those
// nearest to a point.
//
// Points are longitude, latitude in degrees (WGS 84). Borders are straight
// lines between their points in the plane of longitude and latitude, as RFC
// 7946 has it; distances and bearings are those of great circles on a sphere,
// within half a percent of the true ones.
package geo
