use crate::{files, outcome, say};
use wasip2::cli::{stdin, stdout};
use wasip2::clocks::monotonic_clock;
use wasip2::filesystem::types::{DescriptorFlags, OpenFlags};
use wasip2::io::poll;
use wasip2::io::streams::StreamError;

/// The standard input is "0123456789".
pub fn input() {
    let stream = stdin::get_stdin();
    say!("input-stream.read 0 {:?}", stream.read(0));
    let ready = stream.subscribe();
    ready.block();
    say!("input-stream.subscribe {}", ready.ready());
    drop(ready);
    say!("input-stream.blocking-read {:?}", stream.blocking_read(2));
    say!("input-stream.skip {:?}", stream.skip(0));
    say!("input-stream.blocking-skip {:?}", stream.blocking_skip(3));
    say!("input-stream.read {:?}", stream.read(2));
    say!(
        "input-stream.blocking-read rest {:?}",
        stream.blocking_read(100)
    );
    say!(
        "input-stream.blocking-read end {}",
        closed(&stream.blocking_read(1))
    );
    say!("input-stream.read end {}", closed(&stream.read(1)));
    say!("input-stream.skip end {}", closed(&stream.skip(1)));
    say!(
        "input-stream.blocking-skip end {}",
        closed(&stream.blocking_skip(1))
    );
    say!("input-stream.subscribe end {}", stream.subscribe().ready());
    let file = files::opened("digits", OpenFlags::empty(), DescriptorFlags::READ);
    let stream = file.read_via_stream(8).unwrap();
    say!(
        "input-stream.blocking-read file {:?}",
        stream.blocking_read(1)
    );
    say!(
        "input-stream.blocking-skip file {:?}",
        stream.blocking_skip(100)
    );
    say!(
        "input-stream.blocking-read file end {}",
        closed(&stream.blocking_read(1))
    );
}

pub fn closed<T: std::fmt::Debug>(answer: &Result<T, StreamError>) -> String {
    match answer {
        Err(StreamError::Closed) => "closed".to_string(),
        Err(StreamError::LastOperationFailed(_)) => "failed".to_string(),
        Ok(value) => format!("{value:?}"),
    }
}

pub fn output() {
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    let file = files::opened("out", OpenFlags::CREATE, flags);
    let stream = file.write_via_stream(2).unwrap();
    say!(
        "output-stream.check-write {}",
        stream.check_write().unwrap() > 0
    );
    say!("output-stream.write {}", outcome(stream.write(b"abc")));
    say!("output-stream.flush {}", outcome(stream.flush()));
    let ready = stream.subscribe();
    ready.block();
    say!("output-stream.subscribe {}", ready.ready());
    drop(ready);
    say!(
        "output-stream.blocking-flush {}",
        outcome(stream.blocking_flush())
    );
    say!(
        "output-stream.check-write again {}",
        stream.check_write().unwrap() > 0
    );
    say!(
        "output-stream.write-zeroes {}",
        outcome(stream.write_zeroes(3))
    );
    say!(
        "output-stream.blocking-flush {}",
        outcome(stream.blocking_flush())
    );
    let zeroes = stream.blocking_write_zeroes_and_flush(2);
    say!(
        "output-stream.blocking-write-zeroes-and-flush {}",
        outcome(zeroes)
    );
    let whole = vec![b'x'; 4096];
    say!(
        "output-stream.blocking-write-and-flush {}",
        outcome(stream.blocking_write_and_flush(&whole))
    );
    say!(
        "output-stream.blocking-write-and-flush none {}",
        outcome(stream.blocking_write_and_flush(b""))
    );
    drop(stream);
    let (bytes, end) = file.read(20, 0).unwrap();
    say!("descriptor.read {bytes:?} {end}");
    say!("descriptor.stat {}", file.stat().unwrap().size);
    let far = file.write_via_stream(u64::MAX).unwrap();
    match far.blocking_write_and_flush(b"x") {
        Err(StreamError::LastOperationFailed(error)) => {
            say!(
                "error.to-debug-string {}",
                !error.to_debug_string().is_empty()
            );
            let code = wasip2::filesystem::types::filesystem_error_code(&error);
            say!("filesystem-error-code {}", code.is_some());
            say!(
                "output-stream.check-write failed {}",
                closed(&far.check_write())
            );
        }
        other => say!(
            "output-stream.blocking-write-and-flush far {}",
            closed(&other)
        ),
    }
}

pub fn splice() {
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    let source = files::opened("digits", OpenFlags::empty(), DescriptorFlags::READ);
    let target = files::opened("spliced", OpenFlags::CREATE, flags);
    let (from, to) = (
        source.read_via_stream(0).unwrap(),
        target.write_via_stream(0).unwrap(),
    );
    say!("output-stream.splice 0 {:?}", to.splice(&from, 0).unwrap());
    say!(
        "output-stream.blocking-splice {:?}",
        to.blocking_splice(&from, 4).unwrap()
    );
    to.blocking_flush().unwrap();
    let mut left = 100;
    // As many as are there: one call or several.
    let end = loop {
        match to.blocking_splice(&from, left) {
            Ok(count) => left -= count,
            other => break closed(&other),
        }
    };
    say!("output-stream.blocking-splice rest {} {end}", 100 - left);
    say!("output-stream.splice end {}", closed(&to.splice(&from, 1)));
    to.blocking_flush().unwrap();
    say!("descriptor.read {:?}", target.read(100, 0).unwrap());
}

pub fn wait() {
    let soon = monotonic_clock::subscribe_duration(1_000_000);
    let late = monotonic_clock::subscribe_duration(60_000_000_000);
    let out = stdout::get_stdout();
    let now = out.subscribe();
    say!("poll one {:?}", poll::poll(&[&soon]));
    say!("poll some {:?}", poll::poll(&[&late, &soon]));
    say!("poll twice {:?}", poll::poll(&[&soon, &soon, &late, &soon]));
    say!("poll output {:?}", poll::poll(&[&late, &now]));
    say!("pollable.ready {} {}", soon.ready(), late.ready());
    soon.block();
    say!("pollable.block returned");
    let many: Vec<_> = (0..200)
        .map(|_| monotonic_clock::subscribe_duration(0))
        .collect();
    many.iter().for_each(|each| each.block());
    say!(
        "poll many {}",
        poll::poll(&many.iter().collect::<Vec<_>>()).len()
    );
}

/// What a host answers with a trap.
pub fn misuse(what: &str) {
    let out = stdout::get_stdout();
    say!("misuse {what}");
    match what {
        "write-without-permit" => drop(out.write(b"nobody asked")),
        "flush-too-much" => drop(out.blocking_write_and_flush(&vec![b' '; 4097])),
        "zeroes-too-many" => drop(out.blocking_write_zeroes_and_flush(4097)),
        "poll-nothing" => drop(poll::poll(&[])),
        "parent-before-child" => {
            let input = stdin::get_stdin();
            let child = input.subscribe();
            drop(input);
            drop(child);
        }
        other => panic!("no misuse {other}"),
    }
    say!("no trap");
}
