/** Where choices outlive the process. */
export interface ChoiceStore {
  /** What is kept for a device; nothing where it has not been seen. */
  read(deviceName: string): Promise<Readonly<Record<string, string>>>;
  /** Adds to what is kept for a device. */
  write(deviceName: string, variants: Readonly<Record<string, string>>): Promise<void>;
}
