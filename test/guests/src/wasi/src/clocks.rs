use crate::say;
use wasip2::clocks::{monotonic_clock, wall_clock};
use wasip2::random::{insecure, insecure_seed, random};

const MS: u64 = 1_000_000;

pub fn clocks() {
    let start = monotonic_clock::now();
    say!(
        "monotonic-clock.now goes on {}",
        monotonic_clock::now() >= start
    );
    say!(
        "monotonic-clock.resolution {}",
        monotonic_clock::resolution() > 0
    );
    let past = monotonic_clock::subscribe_instant(0);
    past.block();
    say!("monotonic-clock.subscribe-instant past {}", past.ready());
    let before = monotonic_clock::now();
    let later = monotonic_clock::subscribe_instant(before + 20 * MS);
    say!("monotonic-clock.subscribe-instant later {}", later.ready());
    later.block();
    say!(
        "monotonic-clock.subscribe-instant waits {}",
        monotonic_clock::now() >= before + 20 * MS
    );
    let before = monotonic_clock::now();
    let soon = monotonic_clock::subscribe_duration(5 * MS);
    soon.block();
    say!(
        "monotonic-clock.subscribe-duration waits {}",
        monotonic_clock::now() >= before + 5 * MS
    );
    say!("monotonic-clock.subscribe-duration stays {}", soon.ready());
    let never = monotonic_clock::subscribe_duration(u64::MAX);
    say!("monotonic-clock.subscribe-duration never {}", never.ready());
    let never = monotonic_clock::subscribe_instant(u64::MAX);
    say!("monotonic-clock.subscribe-instant never {}", never.ready());
    let now = wall_clock::now();
    say!(
        "wall-clock.now {} {}",
        now.seconds > 1_700_000_000,
        now.nanoseconds < 1_000_000_000
    );
    let fine = wall_clock::resolution();
    say!(
        "wall-clock.resolution {}",
        fine.seconds == 0 && fine.nanoseconds > 0
    );
}

pub fn random() {
    for length in [0, 1, 16, 100_000] {
        say!(
            "get-random-bytes {}",
            random::get_random_bytes(length).len()
        );
        say!(
            "get-insecure-random-bytes {}",
            insecure::get_insecure_random_bytes(length).len()
        );
    }
    let zeros = random::get_random_bytes(100_000)
        .iter()
        .filter(|byte| **byte == 0)
        .count();
    say!("get-random-bytes spread {}", zeros > 200 && zeros < 700);
    say!(
        "get-random-bytes differ {}",
        random::get_random_bytes(16) != random::get_random_bytes(16)
    );
    say!(
        "get-random-u64 differ {}",
        random::get_random_u64() != random::get_random_u64()
    );
    let two = (
        insecure::get_insecure_random_u64(),
        insecure::get_insecure_random_u64(),
    );
    say!("get-insecure-random-u64 differ {}", two.0 != two.1);
    say!("insecure-seed {}", insecure_seed::insecure_seed() != (0, 0));
}
