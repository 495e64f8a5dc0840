/** The processor time that this process has used, in milliseconds: what a computation costs, however busy the machine is. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
