import { guestTests } from './suite.ts';

// Programs of public toolchains and packages: `npm run test:guests` installs and makes them first.
guestTests((guest) => guest.source.from === 'npm' || guest.source.from === 'build');
