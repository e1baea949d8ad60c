import { beforeAll, expect, test, vi } from "vitest";

beforeAll(() => void vi.stubGlobal("sessionStorage", { getItem: () => null, setItem() {}, removeItem() {} }));

async function house() {
  const { Saver } = await import("./saver");
  const { ApiError } = await import("../api/client");
  const puts: { value: string; basedOn: number; done: (number: number) => void; fail: (error: unknown) => void }[] = [];
  const waits: number[] = [];
  let next = () => {};
  const saver = new Saver<string>(
    (value, basedOn) => new Promise((done, fail) => puts.push({ value, basedOn, done, fail })),
    (work, wait) => (waits.push(wait), (next = work), () => (next = () => {})),
    3,
    "first",
  );
  const kind = () => saver.snapshot().kind;
  return { saver, puts, waits, kind, next: () => next(), ApiError };
}

const settled = () => new Promise((go) => setImmediate(go));

test("a pause stores what is newest, based on what was stored before", async () => {
  const { saver, puts, kind, next } = await house();
  saver.change("second");
  saver.change("third");
  next();
  expect([kind(), puts[0]!.value, puts[0]!.basedOn]).toEqual(["saving", "third", 3]);

  saver.change("fourth");
  puts[0]!.done(4);
  await settled();
  expect(kind()).toBe("unsaved");
  next();
  puts[1]!.done(5);
  await settled();

  expect(puts[1]).toMatchObject({ value: "fourth", basedOn: 4 });
  expect(kind()).toBe("saved");
});

test("what was taken back needs no saving", async () => {
  const { saver, puts, kind, next } = await house();
  saver.change("second");
  saver.change("first");
  next();

  expect(kind()).toBe("saved");
  expect(puts).toEqual([]);
});

test("what did not arrive is tried again, what was refused is not", async () => {
  const { saver, puts, waits, kind, next, ApiError } = await house();
  saver.change("second");
  next();
  puts[0]!.fail(new ApiError("offline", 0));
  await settled();
  expect([kind(), waits]).toEqual(["failed", [1000, 5000]]);
  next();
  puts[1]!.fail(new ApiError("invalid_input", 422));
  await settled();

  expect([kind(), waits]).toEqual(["failed", [1000, 5000]]);
});

test("a conflict waits for a decision, and loses nothing meanwhile", async () => {
  const { saver, puts, kind, next, ApiError } = await house();
  saver.change("second");
  next();
  puts[0]!.fail(new ApiError("transcript_changed", 409, { newest: 9 }));
  await settled();
  saver.change("third");
  await saver.flush();
  expect([kind(), puts.length]).toEqual(["conflict", 1]);

  void saver.keepMine();
  expect(puts[1]).toMatchObject({ value: "third", basedOn: 9 });
});

test("a version that came from the server is what the next save is based on", async () => {
  const { saver, puts, kind, next } = await house();
  saver.adopt(7, "theirs");
  expect([kind(), saver.base()]).toEqual(["saved", [7, "theirs"]]);

  saver.change("mine");
  next();

  expect(puts).toMatchObject([{ value: "mine", basedOn: 7 }]);
});
