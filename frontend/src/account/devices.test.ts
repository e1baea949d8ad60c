// User agents are shown as "browser · system".
import { expect, test } from "vitest";
import { deviceOf } from "./devices";

const KIT = "AppleWebKit/537.36 (KHTML, like Gecko)";

test.each([
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${KIT} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0`, "Edge · Windows"],
  [`Mozilla/5.0 (X11; Linux x86_64) ${KIT} Chrome/126.0.0.0 Safari/537.36`, "Chrome · Linux"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox · macOS"],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Safari · iPhone",
  ],
  [
    `Mozilla/5.0 (Linux; Android 14; 2311DRK48C) ${KIT} Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.49`,
    "WeChat · Android",
  ],
  ["python-httpx/0.28.1", "python-httpx/0.28.1"],
  ["", ""],
])("%s", (userAgent, name) => {
  expect(deviceOf(userAgent)).toBe(name);
});
