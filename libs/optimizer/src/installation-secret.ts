import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/** A key for fingerprints, and why it will not outlive the process, if it will not. */
export interface InstallationSecret {
  readonly secret: string;
  readonly problem: string | null;
}

/**
 * The key file beside the database (`<database>.key`, mode 0600), made at first start. Apart from the
 * database, so that a copied database alone does not let fingerprints be tested against guessed texts.
 */
export function installationSecret(database: string): InstallationSecret {
  const fresh = randomBytes(32).toString('hex');
  if (database === ':memory:') return { secret: fresh, problem: null };
  const file = `${database}.key`;
  try {
    writeFileSync(file, `${fresh}\n`, { mode: 0o600, flag: 'wx' });
    return { secret: fresh, problem: null };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') return ephemeral(fresh, `cannot write the key file ${file}: ${message}`);
  }
  try {
    const secret = readFileSync(file, 'utf8').trim();
    if (/^[0-9a-f]{64}$/.test(secret)) return { secret, problem: null };
    return ephemeral(
      fresh,
      `the key file ${file} does not hold 64 hexadecimal digits; restore it, or remove it to learn templates anew`,
    );
  } catch (error) {
    return ephemeral(fresh, `cannot read the key file ${file}: ${(error as Error).message}`);
  }
}

function ephemeral(secret: string, why: string): InstallationSecret {
  return { secret, problem: `${why}; templates learnt now are not recognised after a restart` };
}
