/** The commands' own output: written completely before a command ends; a reader that has gone (`| head`) ends it quietly. */

/** Writes text or bytes to standard output. */
export async function writeOut(text: string | Uint8Array): Promise<void> {
  const { stdout } = process;
  await new Promise<void>((resolve, reject) => {
    const gone = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EPIPE') process.exit(0);
      reject(error);
    };
    stdout.once('error', gone);
    stdout.write(text, (error) => {
      if (error !== null && error !== undefined) return;
      stdout.off('error', gone);
      resolve();
    });
  });
}
