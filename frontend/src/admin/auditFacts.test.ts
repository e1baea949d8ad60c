// Facts of the audit log are shown as readable text: no raw keys, booleans or byte counts.
import { expect, test } from "vitest";
import { type FactTexts, formatFacts } from "./auditFacts";

const NAMES: Readonly<Record<string, string>> = {
  how: "方式",
  role: "角色",
  scopes: "权限",
  quotas: "配额",
  stored_bytes: "存储空间",
  queued_jobs: "排队任务",
  active: "启用",
  days: "天数",
};
const VALUES: Readonly<Record<string, string>> = {
  "how.password": "密码",
  "role.user": "用户",
  "role.admin": "管理员",
  "scopes.read": "读取",
  "scopes.upload": "上传",
  "active.false": "否",
  "queued_jobs.null": "按服务器设置",
  "days.null": "不清理",
};
const texts: FactTexts = {
  name: (fact) => NAMES[fact] ?? fact,
  value: (fact, value) => VALUES[`${fact}.${value}`] ?? value,
  pair: (name, value) => `${name}：${value}`,
  changed: (before, after) => `${before} → ${after}`,
  bytes: (size) => `${size / 1e9} GB`,
  comma: "、",
};

test.each([
  [{ how: "password" }, "方式：密码"],
  [{ role: "admin" }, "角色：管理员"],
  [{ role: ["user", "admin"] }, "角色：用户 → 管理员"],
  [{ scopes: ["upload", "read"] }, "权限：上传、读取"],
  [{ active: false }, "启用：否"],
  [{ quotas: { stored_bytes: 2e9, queued_jobs: null } }, "配额：存储空间：2 GB、排队任务：按服务器设置"],
  [{ how: null, role: "user" }, "角色：用户"],
  [{ days: null }, "天数：不清理"],
  [{ role: "user", how: "password" }, "角色：用户 · 方式：密码"],
  [{ later: "unheard of" }, "later：unheard of"],
  [{}, ""],
])("%j", (facts, expected) => {
  expect(formatFacts(facts, texts)).toBe(expected);
});
