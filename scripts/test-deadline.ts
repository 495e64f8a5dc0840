/** Loaded into every test file: one that does not end says what keeps it, and fails, instead of holding up all that comes after it. */
const MINUTES = 10;

setTimeout(() => {
  const kept = process.getActiveResourcesInfo().join(', ');
  process.stderr.write(`${process.argv[1]} did not end within ${MINUTES} minutes; what keeps it: ${kept}\n`);
  process.exit(1);
}, MINUTES * 60_000).unref();
