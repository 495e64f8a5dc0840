/** Rights of preview 1 (`typenames.witx`, `rights`): bits that a program may drop, and that are checked on every use. */

const right = (bit: number): bigint => 1n << BigInt(bit);

export const FD_DATASYNC = right(0);
export const FD_READ = right(1);
export const FD_SEEK = right(2);
export const FD_FDSTAT_SET_FLAGS = right(3);
export const FD_SYNC = right(4);
export const FD_TELL = right(5);
export const FD_WRITE = right(6);
export const FD_ADVISE = right(7);
export const FD_ALLOCATE = right(8);
export const PATH_CREATE_DIRECTORY = right(9);
export const PATH_CREATE_FILE = right(10);
export const PATH_LINK_SOURCE = right(11);
export const PATH_LINK_TARGET = right(12);
export const PATH_OPEN = right(13);
export const FD_READDIR = right(14);
export const PATH_READLINK = right(15);
export const PATH_RENAME_SOURCE = right(16);
export const PATH_RENAME_TARGET = right(17);
export const PATH_FILESTAT_GET = right(18);
export const PATH_FILESTAT_SET_SIZE = right(19);
export const PATH_FILESTAT_SET_TIMES = right(20);
export const FD_FILESTAT_GET = right(21);
export const FD_FILESTAT_SET_SIZE = right(22);
export const FD_FILESTAT_SET_TIMES = right(23);
export const PATH_SYMLINK = right(24);
export const PATH_REMOVE_DIRECTORY = right(25);
export const PATH_UNLINK_FILE = right(26);
export const POLL_FD_READWRITE = right(27);

/** What makes sense for a file that has positions. */
export const FILE_RIGHTS =
  FD_DATASYNC |
  FD_READ |
  FD_SEEK |
  FD_FDSTAT_SET_FLAGS |
  FD_SYNC |
  FD_TELL |
  FD_WRITE |
  FD_ADVISE |
  FD_ALLOCATE |
  FD_FILESTAT_GET |
  FD_FILESTAT_SET_SIZE |
  FD_FILESTAT_SET_TIMES |
  POLL_FD_READWRITE;

/** What makes sense for a stream: no `seek` and no `tell`, by which a C library recognises a terminal. */
export const STREAM_RIGHTS =
  FD_READ | FD_WRITE | FD_FDSTAT_SET_FLAGS | FD_SYNC | FD_DATASYNC | FD_FILESTAT_GET | POLL_FD_READWRITE;

/** What makes sense for a directory. */
export const DIRECTORY_RIGHTS =
  FD_FDSTAT_SET_FLAGS |
  FD_SYNC |
  FD_DATASYNC |
  FD_ADVISE |
  PATH_CREATE_DIRECTORY |
  PATH_CREATE_FILE |
  PATH_LINK_SOURCE |
  PATH_LINK_TARGET |
  PATH_OPEN |
  FD_READDIR |
  PATH_READLINK |
  PATH_RENAME_SOURCE |
  PATH_RENAME_TARGET |
  PATH_FILESTAT_GET |
  PATH_FILESTAT_SET_SIZE |
  PATH_FILESTAT_SET_TIMES |
  FD_FILESTAT_GET |
  FD_FILESTAT_SET_TIMES |
  PATH_SYMLINK |
  PATH_REMOVE_DIRECTORY |
  PATH_UNLINK_FILE |
  POLL_FD_READWRITE;
