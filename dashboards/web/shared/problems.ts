// What the server answers where something cannot be done, in the reader's
// language. What exactly was wrong stands in the server's own words behind it.

import { phrases, type Lang } from "./words";
import type { Problem } from "./wire";

const vi = {
  not_found: "Không tìm thấy",
  conflict: "Không làm được vì tình trạng đã khác",
  quicker: "Người khác đã làm trước",
  risen: "Cảnh báo vừa thay đổi theo số liệu",
  still_true: "Số liệu cho thấy sự việc vẫn đang diễn ra",
  not_latched: "Cảnh báo này không chờ đặt lại",
  signed: "Bản giao ca đã ký, không sửa được nữa",
  forbidden: "Không được phép",
  method: "Máy chủ không nhận yêu cầu này",
  invalid: "Yêu cầu chưa đúng hoặc còn thiếu",
  refused: "Nội dung gửi lên có lỗi",
  too_large: "Nội dung gửi lên quá lớn",
  busy: "Máy chủ đang bận, hãy thử lại sau",
  unavailable: "Phần này của hệ thống đang không trả lời, hãy thử lại sau",
  timeout: "Quá lâu không có trả lời, hãy thử lại",
  internal: "Máy chủ gặp lỗi; chi tiết nằm trong nhật ký của máy chủ",
  proxy: "Máy chủ không trả lời đúng ({status})",
};

const en: Record<keyof typeof vi, string> = {
  not_found: "Not found",
  conflict: "Not possible: things are different by now",
  quicker: "Somebody else was quicker",
  risen: "The alert has just changed with its readings",
  still_true: "The readings say that it is still so",
  not_latched: "This alert does not wait for a reset",
  signed: "The handover is signed and stays as it is",
  forbidden: "Not allowed",
  method: "The server does not take this request",
  invalid: "The request is wrong, or something is missing",
  refused: "What was sent has mistakes",
  too_large: "What was sent is too large",
  busy: "The server is busy; try again later",
  unavailable: "This part of the system does not answer now; try again later",
  timeout: "No answer in time; try again",
  internal: "The server has failed; its log says more",
  proxy: "The server did not answer properly ({status})",
};

const say = phrases(vi, en);

/** A problem in words, with what the server says of it behind. */
export function problemText(lang: Lang, p: Problem): string {
  const words = p.code && p.code in vi ? say(lang, p.code as keyof typeof vi) : say(lang, "proxy", { status: p.status });
  return p.detail && p.code !== "internal" ? `${words} (${p.detail})` : words;
}
