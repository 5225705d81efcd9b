package review

import "citywatch"

// A Note says how a number is computed.
type Note struct {
	Of   string         `json:"of"`
	Text citywatch.Text `json:"text"`
}

// method says how each number of a report is computed.
func method() []Note {
	note := func(of, vi, en string) Note { return Note{of, citywatch.Text{VI: vi, EN: en}} }
	return []Note{
		note("measured",
			"Độ đầy đủ: phần thời gian trong tuần có số liệu, theo số lần báo của camera nhân với chu kỳ báo. Phần không có số liệu không được tính là tốt hay xấu.",
			"Measured: the part of the week for which there are readings, as their number times the camera's period. What was not measured counts neither as good nor as bad."),
		note("up",
			"Hoạt động: phần thời gian có số liệu mà camera gửi hình và hình có thay đổi.",
			"Up: the part of the measured time in which the camera sent pictures, and they changed."),
		note("usable",
			"Hình dùng được: phần thời gian hình được chấm mà hình không bị đen, che, lóa, đứng hay xoay. Camera không được chấm hình thì ghi “chưa đo”.",
			"Usable picture: the part of the judged time in which the picture was not black, covered, washed out, frozen or moved. Where pictures are not judged it says “not measured”."),
		note("activity",
			"Mức chuyển động: trung bình phần khung hình có chuyển động. Đây không phải số người; chỉ so được với chính camera đó.",
			"Activity: the mean share of the picture that moved. It is no count of people, and is comparable only with the same camera."),
		note("busiest",
			"Giờ nhộn nhịp nhất: giờ có mức chuyển động cao nhất trong các giờ đo được từ một nửa trở lên.",
			"Busiest hour: the one with most activity among those measured for at least half of it."),
		note("outages",
			"Mất hình: các khoảng 5 phút liên tiếp mà camera mất hình quá nửa thời gian. Thời gian không có số liệu không tính là mất hình.",
			"Outages: runs of 5-minute intervals in which the camera was down for more than half. Time without readings is no outage."),
		note("recorded",
			"Còn bản ghi: số giờ của tuần đã ghi và còn lưu lúc lập báo cáo; bản ghi quá hạn lưu đã bị xóa.",
			"Recorded: hours of the week that were recorded and were still kept when the report was made; older recordings have been removed."),
		note("indicators",
			"Chỉ số: số cuối cùng nhận được của mỗi ngày, do hệ thống khác báo; trung bình và chỉ tiêu tính trên các ngày có số liệu. Ngày không có số liệu để trống, không tính là 0.",
			"Indicators: the last figure that came of each day, as another system told it; mean and target are of the days with a figure. A day without one is left open and does not count as 0."),
		note("before",
			"Tuần trước: cùng cách tính, bảy ngày trước đó.",
			"Week before: computed the same way, over the seven days before."),
	}
}
