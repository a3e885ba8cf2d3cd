/** CPU that synchronous work takes, ms: unlike its duration it says little about what else the machine does. */
export function cpuMs(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
