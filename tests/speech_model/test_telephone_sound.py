"""Lines, noises, features: what happens to sound between a mouth and a recogniser."""

import numpy as np
import pytest

from speech_model import augmentation, features, noises, telephone_line


def speech_like(seconds: float = 1.0, rate: int = 16_000) -> np.ndarray:
    time = np.arange(int(seconds * rate)) / rate
    voice = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 20))
    return np.asarray(voice * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time))) * 0.1


@pytest.mark.parametrize("codec", [telephone_line.mu_law, telephone_line.a_law])
def test_g711_is_as_exact_as_eight_bits_allow(codec) -> None:  # type: ignore[no-untyped-def]
    samples = np.concatenate([np.linspace(-32_000, 32_000, 4001), [0.0]])
    error = np.abs(codec(samples) - samples)
    assert (error <= np.maximum(20, np.abs(samples) * 0.04)).all()
    assert error.max() > 0


def test_mu_law_agrees_with_the_tables_of_g711() -> None:
    # ITU-T G.711 (11/88), table 2a: decision values meet these decoded values, scaled to 16 bit.
    assert telephone_line.mu_law(np.array([0.0, 8.0, 100.0, 1000.0, 32_635.0])).tolist() == [
        0, 8, 104, 988, 32_124,
    ]  # fmt: skip


def test_a_band_keeps_what_is_inside_and_drops_what_is_outside() -> None:
    time = np.arange(8000) / 8000
    kept = telephone_line.band(np.sin(2 * np.pi * 1000 * time), 300, 3400)
    dropped = telephone_line.band(np.sin(2 * np.pi * 60 * time), 300, 3400)
    assert kept[1000:7000].std() > 0.69
    assert dropped[1000:7000].std() < 0.05


def test_lost_packets_change_some_packets_and_no_other() -> None:
    sound = np.random.default_rng(1).normal(size=16_000)
    heard = telephone_line.lose_packets(sound, 0.1, np.random.default_rng(2))
    changed = (heard != sound).reshape(-1, 160).any(axis=1)
    assert 2 <= changed.sum() <= 25
    assert len(heard) == len(sound)


@pytest.mark.parametrize(
    "kind", [noises.steady, noises.hum, noises.tone, noises.music, noises.bursts, noises.any_kind]
)
def test_noises_are_loud_as_asked_and_differ(kind) -> None:  # type: ignore[no-untyped-def]
    first, second = (kind(8000, np.random.default_rng(seed)) for seed in (1, 2))
    assert len(first) == 8000
    assert np.isfinite(first).all()
    assert first.std() == pytest.approx(1, abs=0.01)
    assert not np.allclose(first, second)


def test_where_a_caller_speaks_is_known_however_loud_the_line_is() -> None:
    said = np.zeros(8000)
    said[2400:4800] = speech_like(0.3, 8000)
    said[5600:6000] = speech_like(0.05, 8000) * 0.01
    spoken = augmentation.speaking(said, 34)
    assert spoken.tolist() == [at * 240 + 200 > 2400 and at * 240 < 4800 for at in range(34)]
    assert augmentation.speaking(said * 100, 34).tolist() == spoken.tolist()
    assert not augmentation.speaking(np.zeros(8000), 33).any()
    # An output whose frame reaches over the end.
    assert augmentation.speaking(np.ones(100), 1).all()


def test_what_a_caller_says_is_where_it_is_in_what_is_sent() -> None:
    voice = speech_like(0.5)
    clear, bad = 0, 0
    for seed in range(40):
        sent, said = augmentation.sent_and_said(voice, 16_000, np.random.default_rng(seed), [])
        assert len(sent) == len(said)
        spoken = augmentation.speaking(said, len(said) // 240)
        assert 12 <= spoken.sum() <= 22
        # All together, and quiet before and after.
        assert np.flatnonzero(np.diff(spoken.astype(int))).size <= 2
        frames = sent[: len(spoken) * 240].reshape(-1, 240).std(1)
        clear += frames[spoken].mean() > 1.5 * frames[~spoken].mean()
        bad += frames[spoken].mean() < frames[~spoken].mean()
    assert clear > 25
    assert bad < 3
    around = augmentation.around(voice, 16_000)
    spoken = augmentation.speaking(around, len(around) // 240)
    assert spoken.argmax() == 10
    assert augmentation.telephone(voice, 16_000, np.random.default_rng(1), 30).size == around.size


def test_a_line_is_the_same_for_a_seed_and_another_for_the_next() -> None:
    def heard(seed: int) -> np.ndarray:
        return augmentation.augmented(
            speech_like(), 16_000, np.random.default_rng(seed), [speech_like(rate=8000) * 3000]
        )

    assert np.array_equal(heard(5), heard(5))
    lengths = {len(heard(seed)) for seed in range(20)}
    assert len(lengths) > 10
    assert all(np.abs(heard(seed)).max() <= 32_768 for seed in range(20))


def test_evaluation_noise_is_as_loud_as_asked() -> None:
    def floor(snr: float) -> float:
        heard = augmentation.telephone(speech_like(), 16_000, np.random.default_rng(1), snr)
        return float(heard[:2000].std())

    assert 4 < floor(10) / floor(25) < 7.5


def test_features_are_those_of_kaldi() -> None:
    import kaldi_native_fbank as reference

    options = reference.MfccOptions()
    options.frame_opts.samp_freq = 8000
    options.frame_opts.dither = 0
    options.use_energy = False
    options.mel_opts.num_bins = options.num_ceps = features.BINS
    options.mel_opts.low_freq, options.mel_opts.high_freq = features.LOW_HZ, features.HIGH_HZ
    sound = augmentation.telephone(speech_like(), 16_000, np.random.default_rng(1), 20)
    theirs = reference.OnlineMfcc(options)
    theirs.accept_waveform(8000, sound.astype(np.float32))
    theirs.input_finished()
    expected = np.stack([theirs.get_frame(at) for at in range(theirs.num_frames_ready)])
    assert features.mfcc(sound) == pytest.approx(expected, abs=2e-3)


def test_a_warped_tract_moves_the_features_and_silence_is_finite() -> None:
    sound = augmentation.telephone(speech_like(), 16_000, np.random.default_rng(1), 20)
    plain, short, long = (features.mfcc(sound, warp) for warp in (1.0, 1.1, 0.9))
    assert np.abs(plain - short).mean() > 0.2
    assert np.abs(short - long).mean() > np.abs(plain - short).mean()
    assert np.isfinite(features.mfcc(np.zeros(800))).all()
    assert features.mfcc(np.zeros(199)).shape == (0, features.BINS)


@pytest.mark.parametrize(("source", "target"), [(16_000, 8000), (17_123, 8000), (8000, 16_000)])
def test_resampling_keeps_pitch_and_loudness(source: int, target: int) -> None:
    def sine(rate: int) -> np.ndarray:
        return np.sin(2 * np.pi * 700 * np.arange(int(0.7 * rate)) / rate)

    heard = telephone_line.resampled(sine(source), source, target)
    assert abs(len(heard) - 0.7 * target) <= 1
    middle = heard[target // 10 : target // 2]
    peak = np.argmax(np.abs(np.fft.rfft(middle * np.hanning(len(middle)), target)))
    assert abs(int(peak) - 700) <= 1
    assert middle.std() == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_what_is_no_speech_is_now_and_then_many_voices_at_once() -> None:
    """A tone of 1,234 Hz that no noise has stands for the voices."""
    time = np.arange(16_000) / 8000
    voices = [np.sin(2 * np.pi * 1234 * time)]

    def share(background: list[np.ndarray]) -> float:
        found = 0
        for seed in range(200):
            sound = augmentation.non_speech(np.random.default_rng(seed), background)
            assert 0.5 * 8000 < len(sound) <= 3 * 8000
            assert np.isfinite(sound).all()
            power = np.abs(np.fft.rfft(sound)) ** 2
            at = round(1234 * len(sound) / 8000)
            found += power[at - 3 : at + 4].sum() > 0.6 * power.sum()
        return found / 200

    assert share([]) < 0.02
    assert 0.07 < share(voices) < 0.2
