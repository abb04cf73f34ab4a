-- Approvals: by which trusted device each device was approved. One that is trusted
-- and has none was verified by an e-mailed code alone.
CREATE TABLE device_approvals (
    -- Whose both devices are.
    user_id TEXT NOT NULL REFERENCES users (id),
    -- The device that was approved.
    device_id TEXT NOT NULL,
    -- The device that approved it.
    approver_id TEXT NOT NULL,
    -- What that one signed, as JSON.
    statement TEXT NOT NULL,
    -- By its device key: 64 bytes.
    signature BYTEA NOT NULL,
    -- When, by the server's clock, in milliseconds since 1970.
    approved_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, device_id),
    FOREIGN KEY (user_id, device_id) REFERENCES devices (user_id, id),
    FOREIGN KEY (user_id, approver_id) REFERENCES devices (user_id, id)
);
