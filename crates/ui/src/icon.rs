//! Icons: drawn with one path each, on 24 by 24, in the colour of the text.
//!
//! All of them are decoration, hidden from screen readers: the button or text
//! beside says what they mean.

use crate::dom::El;

/// The icons there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Back to the page before.
    Back,
    /// Done, works.
    Check,
    /// Waits, or is under way.
    Clock,
    /// Closes or dismisses.
    Close,
    /// A site.
    Globe,
    /// For information.
    Info,
    /// A key, a secret.
    Key,
    /// Sealed.
    Lock,
    /// An e-mail.
    Mail,
    /// More choices.
    Menu,
    /// Opens in another tab.
    Open,
    /// A person.
    Person,
    /// Asks again.
    Refresh,
    /// Looks for something.
    Search,
    /// Transfers the session to the cloud.
    Share,
    /// Trusted.
    Shield,
    /// Signs out.
    SignOut,
    /// Deletes.
    Trash,
    /// Takes something back.
    Undo,
    /// Something is wrong.
    Warning,
    /// Nothing there.
    Empty,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::Back => "M15 5l-7 7 7 7",
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::Clock => "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
            Self::Close => "M6.5 6.5l11 11M17.5 6.5l-11 11",
            Self::Globe => {
                "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c2.5 2.4 3.6 5.2 3.6 8.5s-1.1 6.1-3.6 \
                 8.5c-2.5-2.4-3.6-5.2-3.6-8.5s1.1-6.1 3.6-8.5z"
            }
            Self::Info => "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5.5M12 7.6v.1",
            Self::Key => "M8 11.5a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM10.8 12.7L19.5 4M15.5 8l3 3",
            Self::Lock => {
                "M7 10.5h10a1.5 1.5 0 0 1 1.5 1.5v6.5A1.5 1.5 0 0 1 17 20H7a1.5 1.5 0 0 1-1.5-1.5V12A1.5 1.5 0 0 1 7 \
                 10.5zM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5"
            }
            Self::Mail => {
                "M5 5.5h14A1.5 1.5 0 0 1 20.5 7v10a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 17V7A1.5 1.5 0 0 1 5 \
                 5.5zM4 7l8 6 8-6"
            }
            Self::Menu => "M5 12h.01M12 12h.01M19 12h.01",
            Self::Open => {
                "M13 4.5h6.5V11M19.5 4.5l-9 9M17 14v4a1.5 1.5 0 0 1-1.5 1.5H6A1.5 1.5 0 0 1 4.5 18V8.5A1.5 1.5 0 0 1 6 7h4"
            }
            Self::Person => {
                "M12 4a3.75 3.75 0 1 0 0 7.5A3.75 3.75 0 0 0 12 4zM4.5 20c.6-3.6 3.6-5.5 7.5-5.5s6.9 1.9 7.5 5.5"
            }
            Self::Refresh => "M19.5 8.5A8 8 0 1 0 20 12M20 4.5v4.25h-4.25",
            Self::Search => "M10.75 4.5a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5zM15.5 15.5l4 4",
            Self::Share => {
                "M12 15.5V4.5M7.75 8.5L12 4.25l4.25 4.25M4.5 14.5v3A2.5 2.5 0 0 0 7 20h10a2.5 2.5 0 0 0 2.5-2.5v-3"
            }
            Self::Shield => {
                "M12 3.5l7 2.5v5.5c0 4.2-2.8 7.5-7 9-4.2-1.5-7-4.8-7-9V6zM8.75 12l2.25 2.25 4.25-4.5"
            }
            Self::SignOut => {
                "M10 4.5H6A1.5 1.5 0 0 0 4.5 6v12A1.5 1.5 0 0 0 6 19.5h4M15.5 8l4 4-4 4M19.5 12H10"
            }
            Self::Trash => {
                "M4.5 6.5h15M9.5 6.5v-2h5v2M6.5 6.5l.8 12a1.5 1.5 0 0 0 1.5 1.4h6.4a1.5 1.5 0 0 0 1.5-1.4l.8-12M10 10.5v5.5M14 10.5v5.5"
            }
            Self::Undo => "M8.5 5L4.5 9l4 4M4.5 9h9.25a5.25 5.25 0 0 1 0 10.5H9",
            Self::Warning => "M12 4.25L3.5 19.25h17zM12 10v4.25M12 16.75v.1",
            Self::Empty => {
                "M4.5 13.5l2.25-8h10.5l2.25 8v4.5a1.5 1.5 0 0 1-1.5 1.5H6A1.5 1.5 0 0 1 4.5 18zM4.5 13.5H9l1.2 2.25h3.6L15 13.5h4.5"
            }
        }
    }
}

/// The icon, in the size of the text around it.
pub fn icon(icon: Icon) -> El {
    El::svg("svg")
        .attr("class", "icon")
        .attr("viewBox", "0 0 24 24")
        .attr("aria-hidden", "true")
        .attr("focusable", "false")
        .child(El::svg("path").attr("d", icon.path()))
}

/// Something is under way. Stands still where the person wants no motion.
pub fn spinner() -> El {
    El::svg("svg")
        .attr("class", "icon spinner")
        .attr("viewBox", "0 0 24 24")
        .attr("aria-hidden", "true")
        .attr("focusable", "false")
        .child(El::svg("path").attr("d", "M12 4a8 8 0 1 1-8 8"))
}

/// Ferry's mark: a ferry that carries a key. The same drawing as
/// `extension/icons/ferry.svg`, without its ground.
pub fn mark() -> El {
    El::svg("svg")
        .attr("class", "mark")
        .attr("viewBox", "0 0 128 128")
        .attr("aria-hidden", "true")
        .attr("focusable", "false")
        .child((
            El::svg("path")
                .attr("class", "mark-ground")
                .attr("d", MARK_GROUND),
            El::svg("path")
                .attr("class", "mark-ship")
                .attr("fill-rule", "evenodd")
                .attr("d", MARK_SHIP),
            El::svg("path").attr("class", "mark-wave").attr("d", MARK_WAVE),
        ))
}

const MARK_GROUND: &str =
    "M30 0H98a30 30 0 0 1 30 30V98a30 30 0 0 1-30 30H30A30 30 0 0 1 0 98V30A30 30 0 0 1 30 0z";
const MARK_SHIP: &str = "M54 20h20a4 4 0 0 1 4 4v10h10a5 5 0 0 1 5 5v17h11a4 4 0 0 1 3.8 5.3L97 87a6 6 0 0 1-5.7 \
                         4H36.7a6 6 0 0 1-5.7-4L20.2 61.3A4 4 0 0 1 24 56h11V39a5 5 0 0 1 5-5h10V24a4 4 0 0 1 4-4zM64 \
                         44a9 9 0 0 0-4.5 16.8L57 76h14l-2.5-15.2A9 9 0 0 0 64 44z";
const MARK_WAVE: &str =
    "M18 107c7.7 0 7.7-6 15.3-6s7.7 6 15.4 6 7.6-6 15.3-6 7.7 6 15.3 6 7.7-6 15.4-6 7.6 6 15.3 6";
