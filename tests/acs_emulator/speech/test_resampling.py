from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

np = pytest.importorskip("numpy", reason="needs the speech extra (make speech)")
resampling = pytest.importorskip("acs_emulator.speech.resampling")

SECONDS = 1


def tone(frequency: float, rate: int = 8000) -> bytes:
    times = np.arange(SECONDS * rate) / rate
    samples: bytes = np.round(16000 * np.sin(2 * np.pi * frequency * times)).astype("<i2").tobytes()
    return samples


def spectrum(samples: Any) -> Any:
    """Magnitude per Hz, in dB below the loudest."""
    magnitude = np.abs(np.fft.rfft(samples * np.blackman(len(samples)))) + 1e-12
    return 20 * np.log10(magnitude / magnitude.max())


@pytest.mark.parametrize("frequency", [200, 440, 1000, 2500, 3400])
def test_tone_keeps_its_frequency(frequency: int) -> None:
    """A tone of the telephone band stays where it is, and its mirror image is inaudible."""
    samples = resampling.to_model_rate(tone(frequency), 8000)
    assert len(samples) == 16000 * SECONDS
    loudness = spectrum(samples)
    assert int(loudness.argmax()) == frequency
    assert loudness[4100:].max() < -65


@given(st.integers(100, 3400))
def test_tone_keeps_its_level(frequency: int) -> None:
    """The telephone band passes without loss."""
    samples = resampling.to_model_rate(tone(frequency), 8000)[200:-200]
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(16000 / 32768 / np.sqrt(2), rel=0.02)


def test_samples_are_kept_in_place() -> None:
    """Every other sample is the original one: nothing is delayed."""
    original = np.frombuffer(tone(700), dtype="<i2") / 32768
    assert np.allclose(resampling.to_model_rate(tone(700), 8000)[::2], original, atol=1e-6)


def test_model_rate_is_left_alone() -> None:
    """Sound at 16 kHz is only scaled."""
    samples = resampling.to_model_rate(np.array([0, 16384, -32768], dtype="<i2").tobytes(), 16000)
    assert samples.tolist() == [0.0, 0.5, -1.0]


@pytest.mark.parametrize("length", [0, 1, 2, 63])
def test_very_short_sound(length: int) -> None:
    """Sound shorter than the filter is doubled like any other."""
    assert len(resampling.to_model_rate(bytes(2 * length), 8000)) == 2 * length


def test_other_rates() -> None:
    """A rate that would need another filter is refused."""
    with pytest.raises(ValueError, match="44100 samples a second"):
        resampling.to_model_rate(bytes(20), 44100)
