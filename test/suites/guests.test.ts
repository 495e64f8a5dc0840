import { corpus } from '../guests/recipes.ts';
import { guestTests } from '../guests/suite.ts';

// Programs in this repository, and those of the shared corpus where it is there.
guestTests((guest) => guest.source.from === 'repository');
const shared = corpus();
guestTests((guest) => guest.source.from === 'corpus', 'missing' in shared ? shared.missing : undefined);
