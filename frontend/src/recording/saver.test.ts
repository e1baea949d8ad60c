import { beforeAll, expect, test, vi } from "vitest";

beforeAll(() => void vi.stubGlobal("sessionStorage", { getItem: () => null, setItem() {}, removeItem() {} }));

async function setUp() {
  const { Saver } = await import("./saver");
  const { ApiError } = await import("../api/client");
  const saves: { value: string; basedOn: number; done: (number: number) => void; fail: (error: unknown) => void }[] =
    [];
  const waits: number[] = [];
  let next = () => {};
  const saver = new Saver<string>(
    (value, basedOn) => new Promise((done, fail) => saves.push({ value, basedOn, done, fail })),
    (work, wait) => (waits.push(wait), (next = work), () => (next = () => {})),
    3,
    "first",
  );
  const kind = () => saver.snapshot().kind;
  return { saver, saves, waits, kind, next: () => next(), ApiError };
}

const settled = () => new Promise((go) => setImmediate(go));

test("after a pause the newest value is saved, based on the last saved version", async () => {
  const { saver, saves, kind, next } = await setUp();
  saver.change("second");
  saver.change("third");
  next();
  expect([kind(), saves[0]!.value, saves[0]!.basedOn]).toEqual(["saving", "third", 3]);

  saver.change("fourth");
  saves[0]!.done(4);
  await settled();
  expect(kind()).toBe("unsaved");
  next();
  saves[1]!.done(5);
  await settled();

  expect(saves[1]).toMatchObject({ value: "fourth", basedOn: 4 });
  expect(kind()).toBe("saved");
});

test("an undone change is not saved", async () => {
  const { saver, saves, kind, next } = await setUp();
  saver.change("second");
  saver.change("first");
  next();

  expect(kind()).toBe("saved");
  expect(saves).toEqual([]);
});

test("a network error is retried, a refusal is not", async () => {
  const { saver, saves, waits, kind, next, ApiError } = await setUp();
  saver.change("second");
  next();
  saves[0]!.fail(new ApiError("offline", 0));
  await settled();
  expect([kind(), waits]).toEqual(["failed", [1000, 5000]]);
  next();
  saves[1]!.fail(new ApiError("invalid_input", 422));
  await settled();

  expect([kind(), waits]).toEqual(["failed", [1000, 5000]]);
});

test("a conflict waits for a decision and loses nothing", async () => {
  const { saver, saves, kind, next, ApiError } = await setUp();
  saver.change("second");
  next();
  saves[0]!.fail(new ApiError("transcript_changed", 409, { newest: 9 }));
  await settled();
  saver.change("third");
  await saver.flush();
  expect([kind(), saves.length]).toEqual(["conflict", 1]);

  saver.rebase(9, "theirs", "merged");
  expect(kind()).toBe("unsaved");
  next();
  expect(saves[1]).toMatchObject({ value: "merged", basedOn: 9 });
});

test("the next save is based on a newer version that was taken from the server", async () => {
  const { saver, saves, kind, next } = await setUp();
  saver.rebase(7, "theirs", "theirs");
  expect([kind(), saver.base()]).toEqual(["saved", [7, "theirs"]]);

  saver.change("mine");
  next();

  expect(saves).toMatchObject([{ value: "mine", basedOn: 7 }]);
});
