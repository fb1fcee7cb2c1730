import type { Backend } from "@convoy/core/backend";
import { TemplateBackend } from "./backend.js";
import { Device } from "./device/device.js";

/** REPLACE: what a user may choose. Every option has a default. */
export interface TemplateOptions {
  /** For tables and messages; default the device's own name. */
  readonly deviceName?: string;
}

/**
 * REPLACE: open your device here. Throw `BackendUnavailableError` where it is not there, saying what was tried and what to
 * install.
 */
export async function template({ deviceName }: TemplateOptions = {}): Promise<Backend> {
  const device = new Device();
  return new TemplateBackend(device, deviceName ?? device.name);
}
