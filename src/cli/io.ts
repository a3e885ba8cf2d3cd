/** Where a command's words go; tests hand in their own. */
export interface Io {
  /** A result, on stdout; a line end is added. */
  out(text: string): void;
  /** An error, a warning or progress, on stderr; a line end is added. */
  err(text: string): void;
  /** 0 ok, 1 the input was read and is wrong, 2 usage, missing file or network. The last call counts. */
  setExitCode(code: number): void;
  /** Whether colour and progress belong on stdout: it is a terminal, and NO_COLOR is not set. */
  readonly color: boolean;
}

export function processIo(): Io {
  process.stdout.on('error', (reason: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) closes the pipe: no error, and nobody is left to tell.
    if (reason.code === 'EPIPE') process.exit();
    process.stderr.write(`stdout: must be writable, was not: ${reason.message}\n`);
    process.exit(2);
  });
  // Nowhere to say that nothing can be said: the exit code still tells.
  process.stderr.on('error', () => {});
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    setExitCode: (code) => {
      process.exitCode = code;
    },
    color: process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === '',
  };
}
