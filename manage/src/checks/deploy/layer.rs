//! Detects files that are deleted with their container: those that are not on a volume.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// The file systems that layer a container's changes over its image. Docker's `overlay2` and containerd's
/// `overlayfs` are `overlay` to the kernel; rootless Podman, and Docker in a container, use the one of FUSE.
const LAYERS: [&str; 4] = ["overlay", "fuse.fuse-overlayfs", "aufs", "fuse.unionfs"];

/// Directories of container engines. Their other drivers give each container a directory or subvolume of an
/// ordinary file system.
const FOLDERS: [&str; 4] =
    ["/vfs/dir/", "/btrfs/subvolumes/", ".snapshotter.v1.native/", ".snapshotter.v1.btrfs/"];

/// Files that engines create in their containers.
const MARKS: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// Returns whether a file is in a container's own layer, or would be created there.
pub(super) fn holds(path: &Path) -> bool {
    let Some(existing) = path.ancestors().find_map(|path| path.canonicalize().ok()) else { return false };
    let in_container = MARKS.iter().any(|mark| Path::new(mark).exists())
        || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
    is_layer(&mounts, &existing, in_container)
}

/// Returns whether a path is in a container's layer. `mounts` has the form of `/proc/self/mountinfo`.
fn is_layer(mounts: &[u8], path: &Path, in_container: bool) -> bool {
    let mounts = mounts.split(|byte| *byte == b'\n').filter_map(Mount::parse);
    // If two are mounted at the same place, the later one hides the other.
    let covering = mounts
        .filter(|mount| path.starts_with(&mount.point))
        .max_by_key(|mount| mount.point.components().count());
    covering.is_some_and(|mount| {
        LAYERS.contains(&mount.kind.as_str())
            || FOLDERS.iter().any(|folder| mount.root.contains(folder))
            // With any other driver (zfs, devicemapper, Kata's), a volume is a separate mount.
            || (in_container && mount.point == Path::new("/"))
    })
}

/// One line of `mountinfo` (see proc_pid_mountinfo(5)).
struct Mount {
    /// The mounted directory of the file system.
    root: String,
    point: PathBuf,
    /// The type of the file system, with its subtype.
    kind: String,
}

impl Mount {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.split(|byte| *byte == b' ');
        let root = unescape(fields.nth(3)?);
        let point = PathBuf::from(OsString::from_vec(unescape(fields.next()?)));
        // The number of fields before the hyphen varies.
        let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some(Self { root: text(&root), point, kind: text(kind) })
    }
}

/// Decodes escapes: `\040` becomes a space.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let octal = after
            .get(..3)
            .filter(|_| *first == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        plain.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { &after[3..] } else { after };
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOLUMES: &str = "\
700 600 0:90 / /proc rw,nosuid - proc proc rw
701 600 254:0 /var/lib/docker/volumes/app_data/_data /data rw,relatime master:1 - ext4 /dev/vda rw
702 600 254:0 /srv/with\\040space /my\\040data rw,relatime - ext4 /dev/vda rw
703 600 0:50 / /nfs rw - nfs4 server:/share rw
704 600 0:51 / /s3 rw - fuse.s3fs s3fs rw
705 600 0:52 / /dev/shm rw - tmpfs shm rw
";

    fn layer(root: &str, path: &str, in_container: bool) -> bool {
        is_layer(format!("{root}\n{VOLUMES}").as_bytes(), Path::new(path), in_container)
    }

    #[test]
    fn every_driver_s_layer_is_known() {
        for root in [
            "600 500 0:88 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A",
            "600 500 0:88 / / rw,nodev - fuse.fuse-overlayfs fuse-overlayfs rw,user_id=0,group_id=0",
            "600 500 0:88 / / rw,relatime master:2 shared:3 - overlay overlay rw",
            "600 500 0:88 / / rw,relatime - aufs none rw,si=1a2b",
            "600 500 254:0 /var/lib/docker/vfs/dir/0a1b / rw,relatime - ext4 /dev/vda rw",
            "600 500 254:0 /home/u/.local/share/containers/storage/vfs/dir/0a1b / rw - xfs /dev/vda rw",
            "600 500 0:30 /@/var/lib/docker/btrfs/subvolumes/0a1b / rw - btrfs /dev/vda2 rw,subvolid=300",
            "600 500 254:0 /containerd/io.containerd.snapshotter.v1.native/snapshots/3 / rw - ext4 /dev/vda rw",
        ] {
            for path in ["/home/app", "/data2", "/", "/my"] {
                assert!(layer(root, path, false), "{path}: {root}");
            }
            for path in ["/data", "/data/deep/er", "/my data/x", "/nfs/x", "/s3/x"] {
                assert!(!layer(root, path, true), "{path}: {root}");
            }
        }
    }

    #[test]
    fn what_is_not_on_a_volume_is_the_container_s() {
        for root in [
            "600 500 0:60 / / rw,relatime - zfs rpool/docker/0a1b rw,xattr",
            "600 500 253:9 /rootfs / rw - xfs /dev/mapper/docker-253:0-1234-0a1b rw",
            "600 500 0:61 / / rw - virtiofs kataShared rw",
        ] {
            assert!(layer(root, "/home/app", true), "{root}");
            assert!(!layer(root, "/data/x", true), "{root}");
            // Outside of containers these file systems belong to the machine itself.
            assert!(!layer(root, "/home/app", false), "{root}");
        }
    }

    #[test]
    fn a_machine_s_own_disk_is_no_layer() {
        for root in [
            "25 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
            "25 1 0:30 /@ / rw - btrfs /dev/vda2 rw,subvol=/@",
            "25 1 0:60 / / rw - zfs rpool/ROOT rw",
        ] {
            assert!(!layer(root, "/srv/app", false), "{root}");
        }
        assert!(!is_layer(b"", Path::new("/srv/app"), true));
        assert!(!is_layer(b"nonsense\n1 2 3\n\xff\xff - -\n", Path::new("/srv/app"), true));
    }

    #[test]
    fn the_innermost_and_the_last_mount_counts() {
        let mounts = "\
1 0 0:1 / / rw - overlay overlay rw
2 1 254:0 /a /srv rw - ext4 /dev/vda rw
3 2 0:2 / /srv/work rw - overlay overlay rw
4 1 0:3 / /twice rw - overlay overlay rw
5 4 254:0 /b /twice rw - ext4 /dev/vda rw
";
        for (path, expected) in [
            ("/srv/x", false),
            ("/srv/work/x", true),
            ("/srv/workshop", false),
            ("/srvs", true),
            ("/twice/x", false),
        ] {
            assert_eq!(is_layer(mounts.as_bytes(), Path::new(path), false), expected, "{path}");
        }
    }
}
