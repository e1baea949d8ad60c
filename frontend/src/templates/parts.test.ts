import fc from "fast-check";
import { expect, test } from "vitest";
import { allParts, movePart, PARTS, type Part, placePart, togglePart } from "./parts";

const SOME = fc.shuffledSubarray([...PARTS]);

test("moving a part forward and back keeps the order", () => {
  fc.assert(
    fc.property(SOME, fc.constantFrom(...PARTS), (parts, part) => {
      const last = parts.at(-1) === part || !parts.includes(part);
      const on = movePart(parts, part, 1);

      expect(on.toSorted()).toEqual(parts.toSorted());
      expect(last ? on : movePart(on, part, -1)).toEqual(parts);
    }),
  );
});

test("a part does not move beyond the first or last position", () => {
  const parts: Part[] = ["overview", "actions"];

  expect(movePart(parts, "overview", -1)).toEqual(parts);
  expect(movePart(parts, "actions", 1)).toEqual(parts);
  expect(movePart(parts, "topics", -1)).toEqual(parts);
  expect(placePart(parts, "actions", 0)).toEqual(["actions", "overview"]);
});

test("every part is listed once, included ones first", () => {
  fc.assert(
    fc.property(SOME, fc.constantFrom(...PARTS), (parts, part) => {
      expect(allParts(parts).slice(0, parts.length)).toEqual(parts);
      expect(allParts(parts).toSorted()).toEqual([...PARTS].toSorted());
      const again = togglePart(togglePart(parts, part), part);
      expect(again.toSorted()).toEqual(parts.toSorted());
    }),
  );
});
