import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// The default conditions of vite, preceded by the one that leads to the packages' sources.
const conditions = ["@convoy/source", "module", "node", "development|production"];

const packages = readdirSync("packages").filter((name) => existsSync(`packages/${name}/package.json`));

export default defineConfig(({ mode }) => {
  const long = mode === "long";
  const include = long ? ["**/*.long.test.ts"] : ["**/*.test.ts"];
  const exclude = ["**/node_modules/**", "**/dist/**", ...(long ? [] : ["**/*.long.test.ts"])];
  const timeout = long ? 600_000 : 30_000;
  // Inside the projects, because what they inherit is read without the mode.
  const limits = { testTimeout: timeout, hookTimeout: timeout };
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      pool: "forks",
      // Vitest leaves a core free by itself: on two cores one test file would run at a time.
      maxWorkers: availableParallelism(),
      projects: [
        ...packages.map((name) => ({
          extends: true as const,
          test: { name, root: `packages/${name}`, include, exclude, ...limits },
        })),
        { extends: true as const, test: { name: "scripts", root: "scripts", include, exclude, ...limits } },
      ],
    },
  };
});
