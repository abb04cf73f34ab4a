-- Devices that ask for approval: at most one request each.
CREATE TABLE approval_requests (
    -- Whose device it is.
    user_id TEXT NOT NULL REFERENCES users (id),
    -- The device that asks.
    device_id TEXT NOT NULL,
    -- Browser and operating system, as the device says.
    browser TEXT NOT NULL,
    -- The address that it asked from, as text; empty: not known.
    ip TEXT NOT NULL,
    -- When it asked, in milliseconds since 1970.
    asked_at BIGINT NOT NULL,
    -- When the request ends, or, once it was denied, when the device may ask again.
    expires_at BIGINT NOT NULL,
    -- When somebody said no; NULL: nobody did.
    denied_at BIGINT,
    PRIMARY KEY (user_id, device_id),
    FOREIGN KEY (user_id, device_id) REFERENCES devices (user_id, id)
);

CREATE INDEX approval_requests_by_end ON approval_requests (expires_at);
