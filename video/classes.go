package video

import (
	"time"

	"citywatch"
)

// cameraRecorder is the class of the readings about the recording of all
// cameras.
const cameraRecorder = "camera_recorder"

// Classes returns the classes of the readings about cameras, about what they are
// reached through, and about their recording. Readings have text values besides:
// state, fault, picture.
func Classes() []citywatch.Class {
	return []citywatch.Class{
		{
			ID: citywatch.CameraHealthClass, Name: citywatch.Text{VI: "Camera", EN: "Camera"},
			Sector: citywatch.SectorTraffic, Period: 10 * time.Second,
			Quantities: []citywatch.Quantity{
				quantity("up", "Hoạt động", "Up", "1", 0),
				quantity("fps", "Khung hình mỗi giây", "Frames per second", "/s", 1),
				quantity("bitrate", "Tốc độ dữ liệu", "Bit rate", "bit/s", 0),
				quantity("key_interval", "Khoảng cách khung khóa", "Key frame interval", "s", 1),
				quantity("frame_age", "Tuổi khung hình cuối", "Age of the last frame", "s", 1),
				quantity("reconnects", "Số lần kết nối lại", "Reconnects", "1", 0),
				quantity("lost", "Gói tin bị mất", "Packets lost", "1", 0),
				quantity("recording", "Đang ghi hình", "Recording", "1", 0),
				quantity("usable", "Hình ảnh dùng được", "Picture usable", "1", 0),
				quantity("activity", "Mức chuyển động", "Activity", "1", 2),
				quantity("brightness", "Độ sáng", "Brightness", "1", 2),
			},
		},
		{
			ID: citywatch.CameraGatewayClass, Name: citywatch.Text{VI: "Cổng kết nối camera", EN: "Camera gateway"},
			Sector: citywatch.SectorTraffic, Period: 10 * time.Second,
			Quantities: []citywatch.Quantity{
				quantity("cameras", "Số camera", "Cameras", "1", 0),
				quantity("up", "Số camera hoạt động", "Cameras up", "1", 0),
			},
		},
		{
			ID: cameraRecorder, Name: citywatch.Text{VI: "Ghi hình camera", EN: "Camera recording"},
			Sector: citywatch.SectorTraffic, Period: 10 * time.Second,
			Quantities: []citywatch.Quantity{
				quantity("free", "Dung lượng đĩa trống", "Free disk space", "By", 0),
				quantity("cameras", "Số camera được ghi", "Cameras recorded", "1", 0),
			},
		},
	}
}

func quantity(value, vi, en, unit string, decimals int) citywatch.Quantity {
	return citywatch.Quantity{Value: value, Name: citywatch.Text{VI: vi, EN: en}, Unit: unit, Decimals: decimals}
}
