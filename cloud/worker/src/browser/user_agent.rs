//! Saying the same user agent as the browser that the session comes from: apps end
//! sessions whose browser changes.

use chromiumoxide_cdp::cdp::browser_protocol::emulation::{
    SetUserAgentOverrideParams, UserAgentBrandVersion, UserAgentMetadata,
};

/// The override for a captured `navigator.userAgent`.
///
/// A Chromium's client hints (`Sec-CH-UA`, …) are made to agree with it; other
/// browsers send none.
pub(super) fn override_params(user_agent: &str) -> SetUserAgentOverrideParams {
    let mut params = SetUserAgentOverrideParams::new(user_agent);
    params.platform = Some(navigator_platform(user_agent).to_owned());
    params.user_agent_metadata = client_hints(user_agent);
    params
}

/// Whether that browser sends cookies in frames of other sites that are not partitioned
/// by these. Firefox does not, unless it was told to.
pub(super) fn sends_third_party_cookies(user_agent: &str) -> bool {
    !user_agent.contains("Firefox/")
}

/// `navigator.platform`, frozen by every browser.
fn navigator_platform(user_agent: &str) -> &'static str {
    match system(user_agent) {
        "Windows" => "Win32",
        "macOS" => "MacIntel",
        _ => "Linux x86_64",
    }
}

fn system(user_agent: &str) -> &'static str {
    let systems = [
        ("Windows", "Windows"),
        ("Macintosh", "macOS"),
        ("Android", "Android"),
        ("CrOS", "Chrome OS"),
    ];
    systems
        .iter()
        .find(|(token, _)| user_agent.contains(token))
        .map_or("Linux", |(_, name)| name)
}

/// The hints of User-Agent Client Hints, as far as the user agent tells them.
fn client_hints(user_agent: &str) -> Option<UserAgentMetadata> {
    let major = major(user_agent, "Chrome/")?;
    let product = match major_of_product(user_agent) {
        Some((name, version)) => UserAgentBrandVersion::new(name, version),
        None => UserAgentBrandVersion::new("Google Chrome", major),
    };
    let brands = vec![
        UserAgentBrandVersion::new("Chromium", major),
        product,
        // The deliberately odd brand that the specification asks for.
        UserAgentBrandVersion::new("Not/A)Brand", "99"),
    ];
    let builder = UserAgentMetadata::builder()
        .brands(brands)
        .platform(system(user_agent))
        .platform_version("")
        .architecture("x86")
        .bitness("64")
        .model("")
        .mobile(user_agent.contains("Mobile"));
    builder.build().ok()
}

fn major_of_product(user_agent: &str) -> Option<(&'static str, &str)> {
    let products = [("Microsoft Edge", "Edg/"), ("Opera", "OPR/")];
    products
        .iter()
        .find_map(|(name, token)| Some((*name, major(user_agent, token)?)))
}

/// The digits that follow a token.
fn major<'a>(user_agent: &'a str, token: &str) -> Option<&'a str> {
    let (_, rest) = user_agent.split_once(token)?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    (!digits.is_empty()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGE: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                        Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0";
    const FIREFOX: &str =
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0";

    #[test]
    fn hints_agree_with_the_user_agent() {
        let params = override_params(EDGE);
        assert_eq!(params.user_agent, EDGE);
        assert_eq!(params.platform.as_deref(), Some("Win32"));
        let hints = params.user_agent_metadata.unwrap();
        assert_eq!(hints.platform, "Windows");
        let brands: Vec<_> = hints
            .brands
            .iter()
            .flatten()
            .map(|b| (b.brand.as_str(), b.version.as_str()))
            .collect();
        assert_eq!(brands[..2], [("Chromium", "142"), ("Microsoft Edge", "142")]);
    }

    #[test]
    fn firefox_sends_no_hints() {
        let params = override_params(FIREFOX);
        assert_eq!(params.platform.as_deref(), Some("MacIntel"));
        assert!(params.user_agent_metadata.is_none());
    }
}
