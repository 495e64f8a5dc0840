use crate::{outcome, say};
use wasip2::clocks::wall_clock::Datetime;
use wasip2::filesystem::preopens;
use wasip2::filesystem::types::{
    Advice, Descriptor, DescriptorFlags, NewTimestamp, OpenFlags, PathFlags,
};

const READ: DescriptorFlags = DescriptorFlags::READ;

fn none() -> PathFlags {
    PathFlags::empty()
}

/// The directory that is called `/data`.
pub fn root() -> Descriptor {
    let mut directories = preopens::get_directories();
    let index = directories
        .iter()
        .position(|(_, name)| name == "/data")
        .expect("/data");
    directories.swap_remove(index).0
}

pub fn opened(name: &str, open: OpenFlags, flags: DescriptorFlags) -> Descriptor {
    root().open_at(none(), name, open, flags).expect(name)
}

/// Calls on descriptors of a file and of a directory. `digits` holds "0123456789", `dir/inner` holds "inner".
pub fn descriptors() {
    let data = root();
    say!(
        "get-directories {:?}",
        preopens::get_directories()
            .iter()
            .map(|d| &d.1)
            .collect::<Vec<_>>()
    );
    let file = opened("digits", OpenFlags::empty(), READ | DescriptorFlags::WRITE);
    let dir = opened("dir", OpenFlags::DIRECTORY, READ);
    for (name, each) in [("file", &file), ("dir", &dir), ("preopen", &data)] {
        say!("descriptor.get-type {name} {:?}", each.get_type());
        say!("descriptor.get-flags {name} {:?}", each.get_flags());
        let stat = each.stat().unwrap();
        say!(
            "descriptor.stat {name} {:?} {}",
            stat.type_,
            stat.link_count > 0
        );
        for advice in [
            Advice::Normal,
            Advice::WillNeed,
            Advice::DontNeed,
            Advice::NoReuse,
        ] {
            say!(
                "descriptor.advise {name} {}",
                outcome(each.advise(0, 10, advice))
            );
        }
        say!("descriptor.sync {name} {}", outcome(each.sync()));
        say!("descriptor.sync-data {name} {}", outcome(each.sync_data()));
        say!("descriptor.read {name} {:?}", each.read(3, 8));
        say!("descriptor.read {name} end {:?}", each.read(3, 10));
        say!("descriptor.read {name} none {:?}", each.read(0, 0));
        say!("descriptor.write {name} {:?}", each.write(b"AB", 3));
        say!("descriptor.set-size {name} {}", outcome(each.set_size(6)));
        say!(
            "descriptor.is-same-object {name} {}",
            each.is_same_object(each)
        );
        say!(
            "descriptor.metadata-hash {name} {}",
            each.metadata_hash().unwrap().upper == each.metadata_hash().unwrap().upper
        );
    }
    say!("descriptor.read whole {:?}", file.read(100, 0));
    say!("descriptor.set-size larger {}", outcome(file.set_size(8)));
    say!("descriptor.write beyond {:?}", file.write(b"end", 10));
    say!("descriptor.read whole {:?}", file.read(100, 0));
    say!(
        "descriptor.write at the very end {:?}",
        file.write(b"x", u64::MAX)
    );
    say!("descriptor.read far {:?}", file.read(1, u64::MAX));
    say!(
        "descriptor.set-size far {}",
        outcome(file.set_size(u64::MAX))
    );
    let again = opened("digits", OpenFlags::empty(), READ);
    say!(
        "descriptor.is-same-object again {} {}",
        again.is_same_object(&file),
        again.is_same_object(&dir)
    );
    let (one, two) = (
        again.metadata_hash().unwrap(),
        file.metadata_hash().unwrap(),
    );
    say!(
        "descriptor.metadata-hash again {}",
        one.lower == two.lower && one.upper == two.upper
    );
    say!("descriptor.write to read {:?}", again.write(b"x", 0));
    say!("descriptor.set-size to read {}", outcome(again.set_size(0)));
    let listing = |each: &Descriptor| {
        let entries = each.read_directory().map(|stream| {
            let mut names = vec![];
            while let Some(entry) = stream.read_directory_entry().unwrap() {
                names.push(format!("{} {:?}", entry.name, entry.type_));
            }
            names.sort();
            names
        });
        format!("{entries:?}")
    };
    say!("descriptor.read-directory {}", listing(&data));
    say!(
        "directory-entry-stream.read-directory-entry {}",
        listing(&dir)
    );
    say!("descriptor.read-directory file {}", listing(&file));
}

/// Calls with paths; each path once as it should be and several times as it should not.
pub fn paths() {
    let data = root();
    let create = OpenFlags::CREATE;
    let write = DescriptorFlags::WRITE;
    let long = "n".repeat(256);
    let bad = [
        "",
        ".",
        "..",
        "/",
        "/digits",
        "../digits",
        "absent",
        "absent/x",
        "digits/x",
        "digits/",
        "dir/../..",
        "nul\0",
        &long,
    ];
    for path in bad.iter().chain(&[
        "dir",
        "dir/",
        "./digits",
        "dir/../digits",
        "dir//inner",
        "dir/./inner",
    ]) {
        let name = if path.len() > 100 { "long" } else { path };
        let kind = data
            .open_at(none(), path, OpenFlags::empty(), READ)
            .map(|d| d.get_type());
        say!("descriptor.open-at {name:?} {kind:?}");
        say!(
            "descriptor.stat-at {name:?} {:?}",
            data.stat_at(none(), path).map(|stat| stat.type_)
        );
        say!(
            "descriptor.metadata-hash-at {name:?} {}",
            outcome(data.metadata_hash_at(none(), path))
        );
        say!(
            "descriptor.readlink-at {name:?} {:?}",
            data.readlink_at(path)
        );
    }
    for path in bad {
        let name = if path.len() > 100 { "long" } else { path };
        say!(
            "descriptor.create-directory-at {name:?} {}",
            outcome(data.create_directory_at(path))
        );
        say!(
            "descriptor.remove-directory-at {name:?} {}",
            outcome(data.remove_directory_at(path))
        );
        say!(
            "descriptor.unlink-file-at {name:?} {}",
            outcome(data.unlink_file_at(if path == "/digits" { "/none" } else { path }))
        );
        say!(
            "descriptor.symlink-at {name:?} {}",
            outcome(data.symlink_at("digits", path))
        );
        say!(
            "descriptor.symlink-at to {name:?} {}",
            outcome(data.symlink_at(path, "made-link"))
        );
        say!(
            "descriptor.unlink-file-at link {}",
            outcome(data.unlink_file_at("made-link"))
        );
        say!(
            "descriptor.link-at {name:?} {}",
            outcome(data.link_at(none(), "dir/inner", &data, path))
        );
        say!(
            "descriptor.link-at from {name:?} {}",
            outcome(data.link_at(none(), path, &data, "made-name"))
        );
        say!(
            "descriptor.unlink-file-at name {}",
            outcome(data.unlink_file_at("made-name"))
        );
        say!(
            "descriptor.rename-at to {name:?} {}",
            outcome(data.rename_at("second", &data, path))
        );
        let _ = data.rename_at("absent", &data, "second");
        let _ = data.unlink_file_at("absent");
    }
    say!(
        "descriptor.open-at excl {}",
        outcome(data.open_at(none(), "dir/inner", create | OpenFlags::EXCLUSIVE, write))
    );
    say!(
        "descriptor.open-at dir to write {}",
        outcome(data.open_at(none(), "dir", OpenFlags::empty(), write))
    );
    say!(
        "descriptor.open-at file as dir {}",
        outcome(data.open_at(none(), "dir/inner", OpenFlags::DIRECTORY, READ))
    );
    say!(
        "descriptor.open-at trunc {}",
        outcome(data.open_at(none(), "dir/inner", OpenFlags::TRUNCATE, write))
    );
    say!(
        "descriptor.stat-at trunc {:?}",
        data.stat_at(none(), "dir/inner").map(|stat| stat.size)
    );
    say!(
        "descriptor.open-at create dir {}",
        outcome(data.open_at(none(), "new", create | OpenFlags::DIRECTORY, READ))
    );
    say!(
        "descriptor.open-at create {}",
        outcome(data.open_at(none(), "new", create, write))
    );
    say!(
        "descriptor.create-directory-at made {}",
        outcome(data.create_directory_at("made"))
    );
    say!(
        "descriptor.create-directory-at again {}",
        outcome(data.create_directory_at("made"))
    );
    say!(
        "descriptor.create-directory-at slash {}",
        outcome(data.create_directory_at("slash/"))
    );
    say!(
        "descriptor.rename-at {}",
        outcome(data.rename_at("new", &data, "made/moved"))
    );
    say!(
        "descriptor.rename-at over {}",
        outcome(data.rename_at("made/moved", &data, "dir/inner"))
    );
    say!(
        "descriptor.rename-at dir over file {}",
        outcome(data.rename_at("made", &data, "dir/inner"))
    );
    say!(
        "descriptor.rename-at file over dir {}",
        outcome(data.rename_at("dir/inner", &data, "made"))
    );
    say!(
        "descriptor.rename-at into itself {}",
        outcome(data.rename_at("made", &data, "made/x"))
    );
    say!(
        "descriptor.rename-at dir over full dir {}",
        outcome(data.rename_at("made", &data, "dir"))
    );
    say!(
        "descriptor.remove-directory-at full {}",
        outcome(data.remove_directory_at("dir"))
    );
    say!(
        "descriptor.remove-directory-at file {}",
        outcome(data.remove_directory_at("dir/inner"))
    );
    say!(
        "descriptor.unlink-file-at dir {}",
        outcome(data.unlink_file_at("made"))
    );
    say!(
        "descriptor.remove-directory-at {}",
        outcome(data.remove_directory_at("made"))
    );
    links(&data);
}

fn links(data: &Descriptor) {
    let follow = PathFlags::SYMLINK_FOLLOW;
    say!(
        "descriptor.symlink-at {}",
        outcome(data.symlink_at("dir/inner", "link"))
    );
    say!(
        "descriptor.symlink-at again {}",
        outcome(data.symlink_at("x", "link"))
    );
    say!(
        "descriptor.symlink-at dangling {}",
        outcome(data.symlink_at("nowhere", "dangling"))
    );
    say!(
        "descriptor.symlink-at loop {}",
        outcome(data.symlink_at("loop", "loop"))
    );
    say!(
        "descriptor.symlink-at out {}",
        outcome(data.symlink_at("../..", "out"))
    );
    say!(
        "descriptor.symlink-at root {}",
        outcome(data.symlink_at("/etc", "root"))
    );
    for name in ["link", "dangling", "loop", "out", "link/", "out/x"] {
        say!("descriptor.readlink-at {name} {:?}", data.readlink_at(name));
        for (how, flags) in [("followed", follow), ("kept", none())] {
            say!(
                "descriptor.stat-at {name} {how} {:?}",
                data.stat_at(flags, name).map(|stat| stat.type_)
            );
            say!(
                "descriptor.open-at {name} {how} {}",
                outcome(data.open_at(flags, name, OpenFlags::empty(), READ))
            );
            say!(
                "descriptor.metadata-hash-at {name} {how} {}",
                outcome(data.metadata_hash_at(flags, name))
            );
            let keep = NewTimestamp::NoChange;
            say!(
                "descriptor.set-times-at {name} {how} {}",
                outcome(data.set_times_at(flags, name, keep, keep))
            );
        }
    }
    say!(
        "descriptor.link-at followed {}",
        outcome(data.link_at(follow, "link", data, "hard"))
    );
    let _ = data.unlink_file_at("hard");
    say!(
        "descriptor.link-at {}",
        outcome(data.link_at(none(), "dir/inner", data, "hard"))
    );
    say!(
        "descriptor.link-at again {}",
        outcome(data.link_at(none(), "dir/inner", data, "hard"))
    );
    say!(
        "descriptor.link-at dir {}",
        outcome(data.link_at(none(), "dir", data, "hard-dir"))
    );
    say!(
        "descriptor.stat-at links {:?}",
        data.stat_at(none(), "hard").map(|stat| stat.link_count)
    );
    say!(
        "descriptor.unlink-file-at {}",
        outcome(data.unlink_file_at("hard"))
    );
    for name in ["link", "dangling", "loop", "out", "root"] {
        say!(
            "descriptor.unlink-file-at {name} {}",
            outcome(data.unlink_file_at(name))
        );
    }
}

pub fn streams() {
    let data = root();
    let file = data
        .open_at(
            none(),
            "streamed",
            OpenFlags::CREATE,
            READ | DescriptorFlags::WRITE,
        )
        .unwrap();
    let (one, two) = (
        file.write_via_stream(0).unwrap(),
        file.append_via_stream().unwrap(),
    );
    crate::write(&one, b"one");
    crate::write(&two, b"two");
    crate::write(&one, b"ONE");
    crate::write(&two, b"TWO");
    say!("descriptor.append-via-stream {:?}", file.read(100, 0));
    let far = file.write_via_stream(20).unwrap();
    crate::write(&far, b"far");
    say!("descriptor.write-via-stream {:?}", file.read(100, 0));
    let stream = file.read_via_stream(1).unwrap();
    say!("descriptor.read-via-stream {:?}", stream.blocking_read(4));
    file.set_size(3).unwrap();
    say!(
        "descriptor.read-via-stream shorter {}",
        crate::io::closed(&stream.blocking_read(4))
    );
    let dir = data
        .open_at(none(), "dir", OpenFlags::DIRECTORY, READ)
        .unwrap();
    say!(
        "descriptor.read-via-stream dir {}",
        outcome(dir.read_via_stream(0))
    );
    say!(
        "descriptor.write-via-stream dir {}",
        outcome(dir.write_via_stream(0))
    );
    say!(
        "descriptor.append-via-stream dir {}",
        outcome(dir.append_via_stream())
    );
    let unread = data
        .open_at(
            none(),
            "streamed",
            OpenFlags::empty(),
            DescriptorFlags::WRITE,
        )
        .unwrap();
    say!(
        "descriptor.read-via-stream to write {}",
        outcome(unread.read_via_stream(0))
    );
    say!("descriptor.read to write {:?}", unread.read(1, 0));
}

pub fn times() {
    let data = root();
    let file = data
        .open_at(
            none(),
            "digits",
            OpenFlags::empty(),
            READ | DescriptorFlags::WRITE,
        )
        .unwrap();
    let at = |seconds, nanoseconds| {
        NewTimestamp::Timestamp(Datetime {
            seconds,
            nanoseconds,
        })
    };
    let shown = |each: &Descriptor| {
        let stat = each.stat().unwrap();
        let of = |time: Option<Datetime>| time.map(|t| (t.seconds, t.nanoseconds));
        format!(
            "{:?} {:?}",
            of(stat.data_access_timestamp),
            of(stat.data_modification_timestamp)
        )
    };
    say!(
        "descriptor.set-times {}",
        outcome(file.set_times(at(10, 500_000_000), at(20, 250_000_000)))
    );
    say!("descriptor.stat times {}", shown(&file));
    say!(
        "descriptor.set-times one {}",
        outcome(file.set_times(NewTimestamp::NoChange, at(30, 0)))
    );
    say!("descriptor.stat times {}", shown(&file));
    say!(
        "descriptor.set-times neither {}",
        outcome(file.set_times(NewTimestamp::NoChange, NewTimestamp::NoChange))
    );
    say!("descriptor.stat times {}", shown(&file));
    say!(
        "descriptor.set-times now {}",
        outcome(file.set_times(NewTimestamp::Now, NewTimestamp::NoChange))
    );
    let stat = file.stat().unwrap();
    say!(
        "descriptor.stat now {}",
        stat.data_access_timestamp.unwrap().seconds > 1_700_000_000
    );
    say!(
        "descriptor.set-times-at {}",
        outcome(data.set_times_at(none(), "dir/inner", at(1, 0), at(2, 0)))
    );
    let inner = data.stat_at(none(), "dir/inner").unwrap();
    say!(
        "descriptor.stat-at times {:?}",
        inner
            .data_modification_timestamp
            .map(|t| (t.seconds, t.nanoseconds))
    );
    say!(
        "descriptor.set-times-at absent {}",
        outcome(data.set_times_at(none(), "absent", at(1, 0), at(2, 0)))
    );
    say!(
        "descriptor.set-times much {}",
        outcome(file.set_times(at(1, 1_000_000_000), at(1, 0)))
    );
    let reading = data
        .open_at(none(), "digits", OpenFlags::empty(), READ)
        .unwrap();
    say!(
        "descriptor.set-times to read {}",
        outcome(reading.set_times(at(1, 0), at(1, 0)))
    );
}
