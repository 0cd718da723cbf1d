//! Where the operating system has no events for changed files.

use std::path::Path;

/// Returns whether changes by another machine or by the host of a container cause no events here.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn has_no_events(directory: &Path) -> bool {
    /// File systems of networks, virtual machines and user space; from the kernel's `magic.h`.
    const WITHOUT_EVENTS: [u32; 9] = [
        0x6969,      // NFS
        0x517b,      // SMB
        0xff53_4d42, // CIFS
        0xfe53_4d42, // SMB 2
        0x0102_1997, // 9P: WSL's drives
        0x6573_5546, // FUSE: Docker Desktop, sshfs
        0x786f_4256, // VirtualBox
        0x6a65_6a63, // virtiofs
        0x7c7c_6673, // Parallels
    ];
    // Only the lower 32 bits have a meaning; the type differs from one architecture to another.
    rustix::fs::statfs(directory).is_ok_and(|found| WITHOUT_EVENTS.contains(&(found.f_type as u32)))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn has_no_events(_: &Path) -> bool {
    false
}

/// Returns why a directory cannot be watched, with what raises the limit: the operating system's words are
/// those of a full disk.
pub(super) fn limit(error: &notify::Error) -> String {
    use notify::ErrorKind;
    let code = match &error.kind {
        ErrorKind::Io(error) => error.raw_os_error(),
        _ => None,
    };
    let is = |errno: rustix::io::Errno| code == Some(errno.raw_os_error());
    if matches!(error.kind, ErrorKind::MaxFilesWatch) || is(rustix::io::Errno::NOSPC) {
        return "the limit for watched directories is reached (raise it: \
                sysctl fs.inotify.max_user_watches=524288)"
            .to_owned();
    }
    if is(rustix::io::Errno::MFILE) {
        return "the limit for watchers is reached (raise it: sysctl fs.inotify.max_user_instances=512)"
            .to_owned();
    }
    format!("the operating system reports no changes: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_named() {
        let full =
            notify::Error::io(std::io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error()));
        assert!(limit(&full).contains("max_user_watches"), "{}", limit(&full));
        let many =
            notify::Error::io(std::io::Error::from_raw_os_error(rustix::io::Errno::MFILE.raw_os_error()));
        assert!(limit(&many).contains("max_user_instances"), "{}", limit(&many));
        let other = notify::Error::generic("no such thing");
        assert!(limit(&other).contains("no such thing"), "{}", limit(&other));
        assert!(!has_no_events(Path::new("/")));
    }
}
