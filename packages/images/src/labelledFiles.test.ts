import { expect, it } from "vitest";
import { labelFiles } from "./labelledFiles.js";

it("sorts a hundred thousand images of two classes into them", () => {
  // In time that grows with their number: by its square, it would take a minute.
  const all = Array.from({ length: 100_000 }, (_, index) => {
    const path = `${index % 2 === 0 ? "odd" : "even"}/${String(index).padStart(6, "0")}.jpg`;
    return { path, name: `/images/${path}` };
  });
  const { files, labels, classNames } = labelFiles(all, "/images", "inferred", undefined);
  expect(classNames).toEqual(["even", "odd"]);
  expect(files).toHaveLength(all.length);
  expect([files[1]!.path, files[50_001]!.path]).toEqual(["even/000003.jpg", "odd/000002.jpg"]);
  expect([labels![49_999], labels![50_000]]).toEqual([0, 1]);
});
