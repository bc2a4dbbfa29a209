#pragma once

namespace tocsin::fakes {

/// A private key of RSA that protects nothing.
inline constexpr const char* kTestKey =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAMhfpcBSUR4NB0++\n"
    "c6VbNSC+rEWif9zHHoSMQsdeWsJRMGrHkXE1cjdBIIxiUvdjIlbBWkhibkVyZOGD\n"
    "9M853+KuJt6U/caIALsapT5N1t9nlcRQIYjYoO2f6COwCMCYwUmZ4gKwGEpXhu/y\n"
    "h2yZ8SXPbAwAzrB/C+zDPKYgUlqHAgMBAAECgYEAu6egMuKk55DqFQvXgLhPpFAO\n"
    "RNTwDJNLCHXXoKHEPBIPVyF6G90jD45l7jOzYc6s/TTt2badcVq2EeIkJuMbwaT4\n"
    "cJAgNTJWYQgCcaw1DLzv426z7arBV8nlz+5pCQatSFOftt6umPmuRuHvXANEeS5K\n"
    "5pObHzJFIKYfihENsDECQQD2kBFFYh3X88Uui4PdrH1pEvrsYGvmRR1UdbhDGBDF\n"
    "AovhhajiJG559byBM3xBj1HnIMt4BcZuZ/BMhzm/HIupAkEA0Ar/gpUEd4+mxMZd\n"
    "bXSiV/MyPIM6LIBmHkCU7O4Nmoj+ioryTymLY+D9HpNKoYv7S2qEnVDCM6AGLUHx\n"
    "EDUSrwJAJexCu8k7jduQmHgc8Bt3rpGcxn6OGfzHZhY1IRyyd5rMqQNF1oKD+34w\n"
    "YC7rDapdjo8cvHkm7BRQgXTLDPn3AQJAOCPPoVg/FVhxY0Y4LfI8YMlitAuhZiLb\n"
    "66v3xBvVFe+D6LToAE6wq6oqA9cxW3ifvlEnKiCB11aGdC4INBxuRwJAJsnZWfFI\n"
    "+3X39FB9LfQtZfIG8lXEnXx+9UWvc2qNIBqJjchjPxgnhkKTil5Fq86yh78lwOtr\n"
    "HFSrfGXBuGFuqw==\n"
    "-----END PRIVATE KEY-----\n";

}  // namespace tocsin::fakes
