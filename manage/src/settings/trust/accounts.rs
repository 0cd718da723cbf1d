//! The users and groups of this machine, according to /etc.

use std::path::Path;

use crate::settings::reading::{SETTINGS_LIMIT, read};

/// Returns `user mallory (uid 1002)`.
pub(super) fn shown_user(uid: u32) -> String {
    match user_name(uid) {
        Some(name) => format!("user {name} (uid {uid})"),
        None => format!("the user with uid {uid}"),
    }
}

/// Returns the name of a user.
pub(super) fn user_name(uid: u32) -> Option<String> {
    name_of(&text("/etc/passwd"), uid)
}

/// Returns whether a file's group has no members but its owner and root.
pub(super) fn group_is_private(gid: u32, owner: u32) -> bool {
    is_private(gid, owner, &text("/etc/group"), &text("/etc/passwd"))
}

fn is_private(gid: u32, owner: u32, groups: &str, users: &str) -> bool {
    let owner_name = name_of(users, owner);
    let is_other = |name: &str| !name.is_empty() && name != "root" && owner_name.as_deref() != Some(name);
    let mut name = None;
    for line in groups.lines() {
        let mut fields = line.split(':');
        let (named, number) = (fields.next(), fields.nth(1));
        if number.and_then(|number| number.parse().ok()) != Some(gid) {
            continue;
        }
        if fields.next().unwrap_or_default().split(',').any(|member| is_other(member.trim())) {
            return false;
        }
        name = name.or(named);
    }
    // The member list does not include users whose primary group it is.
    let is_first_group = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next().unwrap_or_default();
        is_other(name) && fields.nth(2).and_then(|number| number.parse().ok()) == Some(gid)
    };
    if gid != 0 && users.lines().any(is_first_group) {
        return false;
    }
    // Root's group, the group with the user's number, or the one with the user's name.
    gid == 0 || gid == owner || (name.is_some() && name == owner_name.as_deref())
}

fn name_of(users: &str, uid: u32) -> Option<String> {
    let line = users
        .lines()
        .find(|line| line.split(':').nth(2).and_then(|number| number.parse().ok()) == Some(uid))?;
    line.split(':').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

fn text(path: &str) -> String {
    let content = read(Path::new(path), SETTINGS_LIMIT).unwrap_or_default();
    String::from_utf8_lossy(&content).into_owned()
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn a_group_of_one_user_is_private() {
        let users = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\nbob:x:1001:1003::/:/bin/sh\n\
                     carol:x:1002:50::/:/bin/sh\ndave:x:1004:1000::/:/bin/sh\nerin:x:1005:1005::/:/bin/sh\n";
        let groups = "root:x:0:\nstaff:x:50:\nbob:x:1003:\nerin:x:1005:bob\ndocker:x:999:bob\n";
        for (gid, owner, expected) in [
            // Users of Debian and Fedora, even if the numbers differ.
            (1003, 1001, true),
            // A group that /etc does not list, as in most images.
            (2000, 2000, true),
            (2001, 2000, false),
            // The group has other members, or is another user's primary group.
            (1000, 1000, false),
            (1005, 1005, false),
            (50, 1002, false),
            (50, 1000, false),
            (999, 1001, false),
            // Root's group, as in OpenShift.
            (0, 1000, true),
            (0, 0, true),
        ] {
            assert_eq!(is_private(gid, owner, groups, users), expected, "gid {gid} of uid {owner}");
        }
        assert!(!is_private(0, 0, "root:x:0:bob\n", users));
    }
}
