import { expect, it } from "vitest";
import { whatFailed } from "./checkout.js";

it("says why a version cannot be built", () => {
  const npm = "npm error Lifecycle script `build` failed with error:\nnpm error code 2\nnpm error path /tmp/core\n";
  const stdout = "\n> build\n> tsc\n\nsrc/a.ts(1,2): error TS2304: Cannot find name 'b'.\n";
  expect(whatFailed({ stdout, stderr: npm })).toBe("src/a.ts(1,2): error TS2304: Cannot find name 'b'.");
  expect(whatFailed({ stdout: "", stderr: `SyntaxError: that\n${npm}` })).toBe("SyntaxError: that");
  expect(whatFailed({ stderr: "fatal: invalid reference: nowhere\n" })).toBe("fatal: invalid reference: nowhere");
  expect(whatFailed(new Error("spawn git ENOENT"))).toBe("spawn git ENOENT");
});
