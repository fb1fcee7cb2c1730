/** Where progress is shown: a line that is drawn over itself, and lines that stay. */
export interface Terminal {
  /** Whether a line can be drawn over itself. */
  readonly interactive: boolean;
  /** Draws the bottom line again. Does nothing where that cannot be. */
  draw(line: string): void;
  /** Draws the bottom line a last time and ends it. */
  finish(line: string): void;
  /** Writes a line that stays. */
  print(line: string): void;
  /** Ends the bottom line as it is, where `finish` was not called. */
  close(): void;
}
