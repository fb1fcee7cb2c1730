// tsc leaves the output of deleted sources behind, and it would be published.
import { rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
