import { expect, it } from "vitest";
import { refused } from "./servePage.js";

it("says why it cannot listen at a port", () => {
  const failure = (code: string): Error & { code: string } => Object.assign(new Error("listen"), { code });
  expect(refused(8080, failure("EADDRINUSE")).message).toBe("--port 8080 is in use; choose another, or 0 for any");
  expect(refused(80, failure("EACCES")).message).toContain("--port 80 is not for everybody");
  const unknown = failure("ENOBUFS");
  expect(refused(8080, unknown)).toBe(unknown);
});
