//! A name to suggest for this device: `Ada's device - Linux/Firefox`.

/// From the person's name and the browser's user agent.
pub fn suggest(person: &str, user_agent: &str) -> String {
    let person: String = person.trim().chars().take(60).collect();
    let machine = format!("{}/{}", system(user_agent), browser(user_agent));
    if person.is_empty() {
        format!("Device - {machine}")
    } else {
        format!("{person}'s device - {machine}")
    }
}

/// Browser and operating system, for the person who approves: `Firefox on Linux`.
pub fn browser_on_system(user_agent: &str) -> String {
    format!("{} on {}", browser(user_agent), system(user_agent))
}

/// The first token that is there names it: derived browsers keep the names of
/// those that they derive from.
fn first(user_agent: &str, names: &[(&str, &'static str)], otherwise: &'static str) -> &'static str {
    let is_there = |token: &str| {
        let mut parts = user_agent.as_bytes().windows(token.len());
        parts.any(|part| part == token.as_bytes())
    };
    names
        .iter()
        .find(|(token, _)| is_there(token))
        .map_or(otherwise, |(_, name)| name)
}

fn browser(user_agent: &str) -> &'static str {
    let names = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Vivaldi/", "Vivaldi"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
    ];
    first(user_agent, &names, "Browser")
}

fn system(user_agent: &str) -> &'static str {
    let names = [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    first(user_agent, &names, "Computer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_systems_and_browsers_apart() {
        for (agent, machine) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Linux/Firefox",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Windows/Chrome",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "macOS/Edge",
            ),
            (
                "Mozilla/5.0 (Android 14; Mobile; rv:142.0) Gecko/142.0 Firefox/142.0",
                "Android/Firefox",
            ),
            ("curl", "Computer/Browser"),
        ] {
            assert_eq!(suggest("Ada", agent), format!("Ada's device - {machine}"));
        }
        assert_eq!(suggest("  ", ""), "Device - Computer/Browser");
    }

    #[test]
    fn a_suggestion_is_short_enough_to_be_taken() {
        let longest = suggest(&"é".repeat(500), "Windows Chrome/");
        assert!(longest.chars().count() <= 100, "{longest}");
    }
}
