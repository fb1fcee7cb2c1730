import { formatMatrix, type Level, runConformance } from "@convoy/core/conformance";
import { webgpu } from "../index.js";

/** What a page's run of the conformance kit came to, as the test outside reads it. */
export interface PageReport {
  readonly passed: boolean;
  readonly device: string;
  readonly count: number;
  readonly failures: readonly string[];
  readonly matrix: string;
}

declare global {
  interface Window {
    conformance?: (levels: readonly Level[]) => Promise<PageReport>;
  }
}

window.conformance = async (levels) => {
  const report = await runConformance(() => webgpu(), { levels });
  return {
    passed: report.passed,
    device: report.device,
    count: report.results.length,
    failures: report.results.filter(({ status }) => status !== "passed").map(({ message }) => message ?? ""),
    matrix: formatMatrix(report),
  };
};
