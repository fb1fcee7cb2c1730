import { defineConfig } from "vite";

/** What lets a page share memory between threads: only the WASM backend asks for it. */
const crossOriginIsolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  base: "./",
  build: { target: "es2023" },
  worker: { format: "es" },
  // Packages of this repository bring workers and WASM files beside their modules, which bundling ahead would part.
  optimizeDeps: { exclude: ["@convoy/core", "@convoy/backend-wasm", "@convoy/backend-webgpu"] },
  server: { headers: crossOriginIsolation },
  preview: { headers: crossOriginIsolation },
});
