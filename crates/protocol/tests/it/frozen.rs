//! Version 1 of what goes over the wire, made by the account of seed 1 of
//! `fixture.rs`. These constants never change; the test `generate` in
//! `wire_format.rs` prints them for a next version.

/// The header: JSON, the additional data of the seal.
pub(crate) const HEADER: &str = concat!(
    r#"{"version":1,"transfer":"01977420-dc00-7101-8101-010101010101","#,
    r#""workspace":"01977420-dc00-7202-8202-020202020202","#,
    r#""account":"01977420-dc00-7303-8303-030303030303","#,
    r#""app":"app-1","#,
    r#""device":"Nrqg3-M_Xwtx-1tbtc1J7Xul2DyeC0bUSy9u_5NSG6g","sealing_key":"01977420-dc00-7404-8404-040404040404","#,
    r#""consent":"01977420-dc00-7505-8505-050505050505","#,
    r#""captured_at":1750000000001}"#,
);

/// The payload: JSON. In the seal it is followed by a byte 80 and zeroes, up to
/// the length that Padmé gives.
pub(crate) const PAYLOAD: &str = concat!(
    r#"{"cookies":[{"name":"__Host-session","#,
    r#""value":"a=b; \"quoted\" \\ 🍪","#,
    r#""domain":"app.example","host_only":true,"path":"/","secure":true,"http_only":true,"#,
    r#""same_site":"lax","#,
    r#""expires":null,"#,
    r#""partition":null},"#,
    r#"{"name":"","#,
    r#""value":"","#,
    r#""domain":"cdn.app.example","host_only":false,"path":"/embed","secure":true,"http_only":false,"#,
    r#""same_site":"unspecified","#,
    r#""expires":1781536000.1234567,"#,
    r#""partition":{"top_level_site":"https://other.example","has_cross_site_ancestor":true}}],"#,
    r#""app":{"id":"app-1","#,
    r#""name":"App","domains":["app.example"],"#,
    r#""sign_in":"https://app.example/sign-in","#,
    r#""check":"https://app.example/me"},"#,
    r#""identity":"ada","#,
    r#""user_agent":"Mozilla/5.0 (X11; Linux x86_64) Example/1.0","#,
    r#""consent":{"id":"01977420-dc00-7505-8505-050505050505","text_version":1,"granted_at":1750000000000}}"#,
);

/// `enc` of RFC 9180: an uncompressed point. Base64url, as all that follows.
pub(crate) const ENC: &str = "\
    BHLav3nfRIx6W_rst7wNvJkKD_1Dt6UrUCyGCsCrg0D_I52BKZduhTBnkH2YwjHp40n4rt_B4cyy-kf-SUXeJGA";

/// AES-256-GCM of the padded payload, its tag at the end.
pub(crate) const CIPHERTEXT: &str = "\
    G-Kg0QioQGjEUFW6pdCS8p64my0l37WGuaL2ZPOBoaqX-gFEq3ZFuD9788JKAMpOnpzTNInu_U6xsJ6EbJqz-uR589gAolFo\
    5YhSWcCR3ac2ryT--baEskSislW_32pFLThxaK7bFJwioGwKzX5HafLOKAxt5MSC_Njaend4tB9UrItg95ULIYiarm_fxibi\
    Lr7vN-IuaILVjzVTNU40BbYASjj8-5vLg9PZBdu6UKW2ZUBIyW4REUhNRCKUAQFXE8Rrb1BPdrr5aB0hMLml-rmbznS9Kddi\
    2AXBEClEByCyYJQ4iChtFPIQz_kiVIg1LFg6HwW6KfN5mi8AeXrDZsfWuXkATgjoi50kbPYGdduJ7mUJdksUA-bMc6ZRKlxd\
    MF0x2qYvBLIrHXzYCoD2KjJE6NVIBvKkCGyiqXSuwkkN-MOOFAkStBqQYf55Ns9YLs6xV7SOgw_ZqMabIFTMiw5ywMysS2CW\
    ysJGeaNH3uVDzIIL_Uugrm4yXCY5FhgcnoPo17bdMD1WY_Vwn-w5SNe51OFItza1nZfZLRZjJtiv8ZVwR64gjYtSylfQUnvu\
    abAbCf1h0qBpy5wIl5SUaOym2aKzydDSV_VFj7hRnQZugm9PrZjydzgTLBSdqlIuUAmdZ1Psqb-nEAPpfkR-l96tZSUdZR_X\
    n-3AHU9cnDEsEvQVN0MEeg69xpeBOQDux-oDK5F5TB9Pw-t_Q6jbgYfWZB5dJPJfGF25tnCpw-DO1CCbFR7Bm2sI9qpV1bUw\
    nZdIyQw55G9-bHzeEA5cwJE3yzx2OKQ9JRmqmeh6SnGZsp7EG2ZeiSDXdXFNFehNLGiWj8-dqqH-96ZHLOZgAkni5uod60wI\
    SEH0mu2QrJUtv83nSa586f7QNdap_sqUyhB7k-dvLtH-xy8fFJIQhyhgmrGVgjCDpR-X0HHnfYAwVmeVY1gmtb6LDSiKLLjC\
    -5lXjzqkD3_3bBBHDoDXVd_KMrlVbKTYk88Sn7g0JqzZfv2SMIDEpJviT7JepeHezbk0XYtrHgsFUpUx-_WKI4a_lgDO8-f2\
    waILLnelI3-X14r-7-H0L36qJtTx1MPE";

/// ES256 by the device key, over the message below.
pub(crate) const SIGNATURE: &str = "\
    eEHMwSXtW8oWAK10gK-qJw5Q7mFfnrT5jmByvwY2Ny3NvIJRKJ0QSvRhVgdEHl3cAYhocXvJSMaunGH3a4jR8w";

// What the device key signs: "ferry/sealed-session/v1", then header, enc and
// ciphertext, each behind its length in 32 bits, big endian:

/// Length of [`HEADER`], hexadecimal.
pub(crate) const HEADER_LEN: &str = "0000016a";
/// Length of [`ENC`].
pub(crate) const ENC_LEN: &str = "00000041";
/// Length of [`CIPHERTEXT`].
pub(crate) const CIPHERTEXT_LEN: &str = "00000330";

/// What a device key signs to register a sealing key, hexadecimal:
/// "ferry/device-sealing-key/v1"; 32 bytes, the device id (RFC 7638 thumbprint of
/// the device key); 65 bytes, the point of the sealing key.
pub(crate) const DEVICE_SEALING_KEY_MESSAGE: &str = "\
    66657272792f6465766963652d7365616c696e672d6b65792f7631 \
    00000020 \
    36baa0dfe33f5f0b71fb5b5bb5cd49ed7ba5d83c9e0b46d44b2f6eff93521ba8 \
    00000041 \
    04203948060efd681edaf7f1ab49d5f631f1122d2e0cb452a2ce5490497b32df225372b80b86e5a710a64e8b4d923184 \
    14a179479b96827f3379de247163949084";

/// What the vault identity signs of a one-time key, hexadecimal:
/// "ferry/vault-sealing-key/v1"; 16 bytes, the key's id; 16 bytes, the workspace;
/// 8 bytes, the expiry in milliseconds since 1970; 65 bytes, the point of the key.
pub(crate) const VAULT_SEALING_KEY_MESSAGE: &str = "\
    66657272792f7661756c742d7365616c696e672d6b65792f7631 \
    00000010 \
    01977420dc0074048404040404040404 \
    00000010 \
    01977420dc0072028202020202020202 \
    00000008 \
    000001977420dc00 \
    00000041 \
    04cc83751f241f39685c890bfc1e14b16b5c0ee5fed72d26fefe51abf3ac4b44e22b93621e953ffbe07275327551ca7b \
    b418ee995487a25a664a919c6cee865505";

/// What a vault identity signs to hand over, hexadecimal:
/// "ferry/vault-succession/v1"; 16 bytes, the workspace; 65 bytes, the point of
/// the next identity.
pub(crate) const VAULT_SUCCESSION_MESSAGE: &str = "\
    66657272792f7661756c742d73756363657373696f6e2f7631 \
    00000010 \
    01977420dc0071018101010101010101 \
    00000041 \
    046ff03b949241ce1dadd43519e6960e0a85b41a69a05c328103aa2bce1594ca163c4f753a55bf01dc53f6c0b0c7eee7 \
    8b40c6ff7d25a96e2282b989cef71c144a";

/// What a vault identity signs of a catalogue, hexadecimal: "ferry/vault-catalogue/v1";
/// 16 bytes, the workspace; 8 bytes, the version in milliseconds since 1970; 32 bytes,
/// the SHA-256 of the apps, here "[]".
pub(crate) const VAULT_CATALOGUE_MESSAGE: &str = "\
    66657272792f7661756c742d636174616c6f6775652f7631 \
    00000010 \
    01977420dc0071018101010101010101 \
    00000008 \
    000001977420dc00 \
    00000020 \
    4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";

/// The fingerprint of the device of seed 1.
pub(crate) const FINGERPRINT: &str = "HZ4C-8YEF-1C3J-9VJN-1H5J";

/// What a device key signs to approve another device, hexadecimal:
/// "ferry/device-approval/v1"; 16 bytes, the workspace; 16 bytes, the person; 32 bytes,
/// the device id; 32 bytes, the thumbprint of its sealing key; 32 bytes, the device id
/// of the one that approves; 8 bytes, the time in milliseconds since 1970.
pub(crate) const APPROVAL_MESSAGE: &str = "\
    66657272792f6465766963652d617070726f76616c2f7631 \
    00000010 \
    01977420dc0071018101010101010101 \
    00000010 \
    01977420dc0071018101010101010101 \
    00000020 \
    36baa0dfe33f5f0b71fb5b5bb5cd49ed7ba5d83c9e0b46d44b2f6eff93521ba8 \
    00000020 \
    9a24d915a6a9db0b95cab7eda8bc9e853e7aeb4387e549b9ce2a766e9790fa61 \
    00000020 \
    fdd5bc03e18b5d5a9b3cffaf22f309c186ad11e5ae18abbe98fc48d59988913b \
    00000008 \
    000001977420dc00";

/// A DPoP proof with all claims.
pub(crate) const PROOF: &str = "\
    eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7ImNydiI6IlAtMjU2Iiwia3R5IjoiRUMiLCJ4IjoiYl9B\
    N2xKSkJ6aDJ0MURVWjVwWU9Db1cwR21tZ1hES0JBNm9yemhXVXloWSIsInkiOiJQRTkxT2xXX0FkeFQ5c0N3eC03bmkwREdf\
    MzBscVc0aWdybUp6dmNjRkVvIn19.eyJqdGkiOiJBQUVDQXdRRkJnY0lDUW9MREEwT0R3IiwiaHRtIjoiUFVUIiwiaHR1Ijo\
    iaHR0cHM6Ly9mZXJyeS5leGFtcGxlL3YxL2RldmljZSIsImlhdCI6MTc1MDAwMDAwMCwiYXRoIjoiUEVhZW5XeFlkZE42UV9\
    OVDFQaU9ZZno0RXNadTdqUlhSbHBBc05wQlUtQSIsIm5vbmNlIjoibm9uY2UiLCJiaCI6IlJCTnZvMVd6WjRvUlJxMFc5LWh\
    rbnBUN1Q4SWY1MzZERU1CZzloeXFfNG8ifQ.6z_TUVJBG3Fc_EGU6DQ2a1NcshWlv9E2tHiF0LBuO0YEIQRFTopvcKmjAsDJ\
    IRjSAeE8S4www3vYCChwJCiMuA";
