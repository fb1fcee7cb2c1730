import { expect, it } from "vitest";
import { Labels } from "./labels.js";

it("names backends by their own names and tells two of one name apart", () => {
  const labels = new Labels(["./a.js", "./b.js", "./c.js", "reference"]);
  expect(labels.label("./a.js", "other")).toBe("other");
  expect(labels.label("./b.js", "other")).toBe("other (./b.js)");
  expect(labels.label("./c.js", "reference")).toBe("reference (./c.js)");
  expect(labels.label("reference", "reference")).toBe("reference");
});
