import fc from 'fast-check';

/**
 * The suite draws the same cases every time, so that what fails fails again; `FC_SEED=7 npm test` draws others, and the
 * soak and the fuzzer draw new ones at each run.
 */
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 930) });

/** Also where the tests themselves run in a pod: no process that they start is to watch that cluster. */
delete process.env.KUBERNETES_SERVICE_HOST;
