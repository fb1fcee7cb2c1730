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

it("names a folder without images, which would shift the numbers of the classes behind it", () => {
  const files = (...paths: string[]) => paths.map((path) => ({ path, name: `/images/${path}` }));
  const two = files("a/1.png", "a/2.png", "c/1.png", "c/2.png");
  for (const others of [files("b/"), files("b/", "b/notes.txt")]) {
    expect(() => labelFiles([...two, ...others], "/images", "inferred", undefined)).toThrow(
      '/images: its folder "b" has no images (.png, .jpg, .jpeg, .webp); delete it if it is no class, or pass classNames: ["a","c"]',
    );
    expect(labelFiles([...two, ...others], "/images", "inferred", ["a", "c"]).labels).toEqual([0, 0, 1, 1]);
  }
  const plain = labelFiles(
    [...two, ...files("a/", "c/", ".cache/", ".cache/x", "readme.txt")],
    "/images",
    "inferred",
    undefined,
  );
  expect(plain.classNames).toEqual(["a", "c"]);
  expect(() => labelFiles(files("b/", "b/c/"), "/images", "inferred", undefined)).toThrow("among its 0 files");
});

it("names the labels that it knows", () => {
  const files = [{ path: "a/1.png", name: "/images/a/1.png" }];
  expect(() => labelFiles(files, "/images", "infer" as never, undefined)).toThrow(
    'labels is "infer", expected "inferred", a list of class numbers, or null for none',
  );
});
