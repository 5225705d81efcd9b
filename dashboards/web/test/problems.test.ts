import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ApiError } from "../shared/api";
import { problemText } from "../shared/problems";

test("a problem is said in both languages, with the server's words behind", () => {
  const p = { title: "Conflict", status: 409, code: "still_true", detail: "what raised the alert is still so" };
  assert.equal(problemText("vi", p), "Số liệu cho thấy sự việc vẫn đang diễn ra (what raised the alert is still so)");
  assert.equal(problemText("en", p), "The readings say that it is still so (what raised the alert is still so)");
  assert.equal(problemText("vi", { title: "Bad Gateway", status: 502 }), "Máy chủ không trả lời đúng (502)");
  assert.equal(problemText("en", { title: "x", status: 500, code: "internal", detail: "see the log" }), "The server has failed; its log says more");
  assert.equal(new ApiError(p).message, problemText("vi", p));
});

test("every code of the API has its words", () => {
  const api = JSON.parse(readFileSync("../openapi.json", "utf8")) as { components: { schemas: { Problem: { properties: { code: { enum: string[] } } } } } };
  const codes = api.components.schemas.Problem.properties.code.enum;
  assert.ok(codes.length > 10);
  for (const code of codes) {
    for (const lang of ["vi", "en"] as const) assert.doesNotMatch(problemText(lang, { title: "", status: 418, code }), /418/, code);
  }
});
