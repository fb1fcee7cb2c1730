import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const systemBrowsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** A headless Chromium: npm's, or the system's where that does not start; or why there is neither. */
export async function startChromium(): Promise<Browser | string> {
  const reasons: string[] = [];
  for (const find of [packagedBrowser, systemBrowser]) {
    try {
      const { executablePath, args } = await find();
      return await chromium.launch({ executablePath, args, headless: true });
    } catch (error) {
      reasons.push(String(error instanceof Error ? error.message : error).split("\n")[0]!);
    }
  }
  return `no Chromium to test in: ${reasons.join("; ")}`;
}

async function packagedBrowser(): Promise<{ executablePath: string; args: string[] }> {
  const { default: packaged } = await import("@sparticuz/chromium");
  // Its own arguments are for one process, which leaves no room for workers.
  return { executablePath: await packaged.executablePath(), args: ["--no-sandbox"] };
}

async function systemBrowser(): Promise<{ executablePath: string; args: string[] }> {
  const executablePath = systemBrowsers.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error(`none of ${systemBrowsers.join(", ")} exists`);
  }
  return { executablePath, args: ["--no-sandbox"] };
}
