import { describe, expect, test } from "vitest";
import { type Folder, listed, pathOf, placesFor } from "./folderTree";

const folder = (id: string, parent_id: string | null = null): Folder => ({ id, parent_id, name: id, recordings: 0 });
const FOLDERS = [folder("客户"), folder("甲", "客户"), folder("例会", "甲"), folder("内部"), folder("乙", "内部")];

describe("the tree of folders", () => {
  test("lists each folder before those inside it", () => {
    expect(listed(FOLDERS).map(({ label }) => label)).toEqual([
      "客户",
      "客户 / 甲",
      "客户 / 甲 / 例会",
      "内部",
      "内部 / 乙",
    ]);
    expect(pathOf(FOLDERS, "例会")).toEqual(["客户", "甲", "例会"]);
    expect(pathOf(FOLDERS, "none")).toEqual([]);
  });

  test("offers only places with room below them, and never the folder itself", () => {
    const places = (moved: Folder) => placesFor(FOLDERS, moved).map(({ id }) => id);
    expect(places(FOLDERS[0]!)).toEqual([]);
    expect(places(FOLDERS[1]!)).toEqual(["客户", "内部"]);
    expect(places(FOLDERS[4]!)).toEqual(["客户", "甲", "内部"]);
  });
});
