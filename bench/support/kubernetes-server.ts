import { startKubernetesWorld } from './kubernetes-world.ts';

const { url, stop } = await startKubernetesWorld();
console.log(url);
process.once('SIGTERM', () => {
  stop();
  process.exit(0);
});
