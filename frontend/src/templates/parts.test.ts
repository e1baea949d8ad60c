import fc from "fast-check";
import { expect, test } from "vitest";
import { listed, PARTS, placed, shifted, toggled, type Part } from "./parts";

const SOME = fc.shuffledSubarray([...PARTS]);

test("a part that goes on and comes back leaves the order as it was", () => {
  fc.assert(
    fc.property(SOME, fc.constantFrom(...PARTS), (parts, part) => {
      const last = parts.at(-1) === part || !parts.includes(part);
      const on = shifted(parts, part, 1);

      expect(on.toSorted()).toEqual(parts.toSorted());
      expect(last ? on : shifted(on, part, -1)).toEqual(parts);
    }),
  );
});

test("nothing goes beyond the first or the last place", () => {
  const parts: Part[] = ["overview", "actions"];

  expect(shifted(parts, "overview", -1)).toEqual(parts);
  expect(shifted(parts, "actions", 1)).toEqual(parts);
  expect(shifted(parts, "topics", -1)).toEqual(parts);
  expect(placed(parts, "actions", 0)).toEqual(["actions", "overview"]);
});

test("every part stands once in the list, those that are shown before the others", () => {
  fc.assert(
    fc.property(SOME, fc.constantFrom(...PARTS), (parts, part) => {
      expect(listed(parts).slice(0, parts.length)).toEqual(parts);
      expect(listed(parts).toSorted()).toEqual([...PARTS].toSorted());
      const again = toggled(toggled(parts, part), part);
      expect(again.toSorted()).toEqual(parts.toSorted());
    }),
  );
});
