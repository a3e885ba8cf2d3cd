// node watchdog.mjs VARIABLE VALUE FOLDER: once standard input ends, which is when its parent does, kills every process
// that has VARIABLE=VALUE in its environment and removes FOLDER.
import { readdirSync, readFileSync, rmSync } from 'node:fs';

const [variable, value, folder] = process.argv.slice(2);
process.stdin.resume();
process.stdin.on('end', () => {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      if (environment.includes(`${variable}=${value}`)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended meanwhile, or is somebody else's.
    }
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});
